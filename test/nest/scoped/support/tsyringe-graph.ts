import { ContextScoped, contextScopedFactory } from 'nestjs-contextvars/container';
import { container, type DependencyContainer, delay, inject, injectable, Lifecycle } from 'tsyringe';
import type { Graph, Node, Part, Parts } from './graph.js';

export type Token = string | (new (...parameters: any[]) => Part);

/** `graph` as tsyringe has it: without properties and modules. */
export function forTsyringe({ nodes }: Graph): Graph {
  const withoutProperties = nodes.map((node) => ({
    ...node,
    edges: node.edges.map((edge) => ({ ...edge, by: 'parameter' as const })),
  }));
  return { nodes: withoutProperties, modules: ['import'] };
}

/** A container with the classes and factories of `graph`, and the tokens of those. */
export function containerOf({ nodes }: Graph, parts: Parts): { own: DependencyContainer; tokens: Token[] } {
  const own = container.createChildContainer();
  const types = nodes.map((node) => classOf(node, parts));
  const tokens = nodes.map(({ token, name }, i) => (token === 'class' ? (types[i] as Token) : name));
  nodes.forEach((node, i) => {
    const { name, scoped, made, edges, token } = node;
    const type = types[i] as new () => Part;
    const needed = edges.map(({ to, alias }) => (alias ? `alias of N${to}` : (tokens[to] as Token)));
    own.register(`alias of ${name}`, { useToken: tokens[i] as Token });
    if (made === 'factory') {
      const make = (c: DependencyContainer) =>
        parts.make(
          node,
          needed.map((each) => c.resolve<Part>(each)),
        );
      if (scoped) own.register(name, { useFactory: contextScopedFactory(make, { name }) });
      else own.register(name, { useFactory: once(make) });
      return;
    }
    edges.forEach(({ to, forward }, at) => {
      // Only a class can be named before it is there.
      inject(forward ? delay(() => types[to] as new () => Part) : (needed[at] as Token))(type, undefined, at);
    });
    (scoped ? ContextScoped() : injectable())(type);
    if (!scoped) own.register(tokens[i] as Token, { useClass: type }, { lifecycle: Lifecycle.Singleton });
    else if (token === 'string') own.register(name, { useClass: type });
  });
  return { own, tokens };
}

function classOf(node: Node, parts: Parts): new () => Part {
  return {
    [node.name]: class {
      constructor(...parameters: Part[]) {
        Object.assign(this, parts.make(node, parameters));
      }
    },
  }[node.name] as unknown as new () => Part;
}

function once<T>(make: (c: DependencyContainer) => T): (c: DependencyContainer) => T {
  let made: T | undefined;
  return (c) => {
    made ??= make(c);
    return made;
  };
}
