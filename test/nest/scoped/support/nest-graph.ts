import {
  forwardRef,
  Global,
  Inject,
  Injectable,
  type InjectionToken,
  Module,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ContextScoped, scopedProvider } from 'nestjs-contextvars';
import { moduleOf } from './application.js';
import type { Edge, Graph, Node, Part, Parts } from './graph.js';

/** The modules of a Nest application with the classes and factories of `graph`, and the tokens of those. */
export function modulesOf(graph: Graph, parts: Parts): { modules: Type[]; tokens: InjectionToken[] } {
  const { nodes } = graph;
  const types = nodes.map((node) => classOf(node, parts));
  const tokens = nodes.map(({ token, name }, i) => (token === 'class' ? (types[i] as Type) : name));
  const tokenOf = ({ to, alias, forward }: Edge): InjectionToken => {
    const token = alias ? aliasOf(nodes[to] as Node) : (tokens[to] as InjectionToken);
    return forward ? (forwardRef(() => token) as never) : token;
  };
  const providers = nodes.map((node, i) =>
    providerOf(node, tokens[i] as InjectionToken, types[i] as Type<Part>, tokenOf, parts),
  );
  const modules = graph.modules.map((_, k) => ({ [`M${k}`]: class {} })[`M${k}`] as Type);
  const hubs = modules.map((module, k) =>
    moduleOf(`Hub${k}`, { imports: [later(module)], exports: [module] }),
  );
  modules.forEach((module, k) => {
    const own = nodes.flatMap((node, i) => (node.module === k ? [i] : []));
    const needed = new Set(
      own.flatMap((i) => nodes[i]?.edges.map(({ to }) => nodes[to]?.module as number) ?? []),
    );
    const imports = [...needed].filter((m) => m !== k && graph.modules[m] !== 'global');
    // Declared the other way round, so that what is needed is not there yet.
    const declared = own.reverse().flatMap((i) => {
      const alias: Provider = { provide: aliasOf(nodes[i] as Node), useExisting: tokens[i] };
      return [alias, providers[i] as Provider];
    });
    Module({
      imports: imports.map((m) => later((graph.modules[m] === 'hub' ? hubs : modules)[m] as Type)),
      providers: declared,
      exports: own.flatMap((i) => [tokens[i] as InjectionToken, aliasOf(nodes[i] as Node)]),
    })(module);
    if (graph.modules[k] === 'global') Global()(module);
  });
  return { modules, tokens };
}

const aliasOf = ({ name }: Node) => `alias of ${name}`;
const later = (module: Type) => forwardRef(() => module);

function classOf(node: Node, parts: Parts): Type<Part> {
  const { name } = node;
  return {
    [name]: class {
      constructor(...parameters: Part[]) {
        Object.assign(this, parts.make(node, parameters));
      }
    },
  }[name] as Type<Part>;
}

function providerOf(
  node: Node,
  provide: InjectionToken,
  useClass: Type<Part>,
  tokenOf: (edge: Edge) => InjectionToken,
  parts: Parts,
): Provider {
  const { made, scoped, edges } = node;
  if (made === 'factory') {
    const inject = edges.map(tokenOf);
    const useFactory = (...parameters: Part[]) => parts.make(node, parameters);
    return scoped ? scopedProvider({ provide, useFactory, inject }) : { provide, useFactory, inject };
  }
  let parameter = 0;
  edges.forEach((edge, i) => {
    if (edge.by === 'property') Inject(tokenOf(edge))(useClass.prototype, `needs${i}`);
    else Inject(tokenOf(edge))(useClass, undefined, parameter++);
  });
  (scoped ? ContextScoped() : Injectable())(useClass);
  return scoped ? scopedProvider({ provide, useClass }) : { provide, useClass };
}
