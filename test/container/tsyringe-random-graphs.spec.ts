// Dependency graphs made at random: wired as by hand, and each cycle found with its path.

import { type DependencyContainer, inject, injectable, container as root, singleton } from 'tsyringe';
import { ContextScoped } from '../../src/container/index.js';
import { currentUnit, runUnitOfWork } from '../../src/core/index.js';

type Kind = 'scoped' | 'singleton' | 'transient';

interface Node {
  readonly name: string;
  kind: Kind;
  readonly needs: Node[];
}

interface Made {
  readonly node: Node;
  readonly unit: string | undefined;
  /** Tells the instances apart, also those behind a stand-in. */
  readonly id: object;
  readonly needs: readonly Made[];
}

/** Numbers from 0 to 1 that are the same for the same seed: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Up to 60 nodes. Edges lead to later nodes, and, in a cyclic graph, a few to any that is context-scoped. */
function graph(seed: number, cyclic: boolean): Node[] {
  const next = random(seed);
  const kinds: Kind[] = ['scoped', 'scoped', 'singleton', 'singleton', 'transient'];
  const nodes: Node[] = Array.from({ length: 2 + Math.floor(next() * 59) }, (_, i) => ({
    name: `N${i}`,
    kind: i === 0 ? 'transient' : (kinds[Math.floor(next() * kinds.length)] as Kind),
    needs: [],
  }));
  nodes.forEach((node, i) => {
    for (let edges = 1 + Math.floor(next() * 3); edges > 0 && i + 1 < nodes.length; edges--) {
      const to = nodes[i + 1 + Math.floor(next() * (nodes.length - i - 1))] as Node;
      // By hand as well, transient ones below transient ones are more than anybody can make.
      if (node.kind !== 'transient' || to.kind !== 'transient') node.needs.push(to);
    }
    const back = nodes[Math.floor(next() * nodes.length)] as Node;
    if (cyclic && next() < 0.4 && back.kind === 'scoped') node.needs.push(back);
  });
  return nodes;
}

const decorators = { scoped: ContextScoped, singleton, transient: injectable } as const;

/** A class for each node, each under the node's name in a container of their own. */
function register(nodes: readonly Node[], log: Made[]): DependencyContainer {
  const container = root.createChildContainer();
  for (const node of nodes) {
    const type = {
      [node.name]: class implements Made {
        readonly node = node;
        readonly unit = currentUnit()?.id;
        readonly id = {};
        readonly needs: readonly Made[];
        constructor(...needs: Made[]) {
          this.needs = needs;
          log.push(this);
        }
      },
    }[node.name] as new (
      ...needs: Made[]
    ) => Made;
    node.needs.forEach((need, i) => void inject(need.name)(type, undefined, i));
    decorators[node.kind]()(type as never);
    if (node.kind === 'singleton') container.registerSingleton(node.name, type);
    else container.register(node.name, { useClass: type });
  }
  return container;
}

/** What can be reached from `node`, itself included. */
function below(node: Node, reached = new Set<Node>()): Set<Node> {
  if (reached.has(node)) return reached;
  reached.add(node);
  for (const need of node.needs) below(need, reached);
  return reached;
}

const hasCycle = (start: Node): boolean =>
  [...below(start)].some((node) => node.needs.some((need) => below(need).has(node)));

const seeds = Array.from({ length: 150 }, (_, i) => i);

test('a graph without a cycle is wired as by hand, anew for each unit of work', () => {
  for (const seed of seeds) {
    const log: Made[] = [];
    const nodes = graph(seed, false);
    const [first] = nodes as [Node];
    const container = register(nodes, log);
    const entry = container.resolve<Made>(first.name);
    // Nothing context-scoped has been made so far.
    expect(log.filter(({ node }) => node.kind === 'scoped')).toEqual([]);

    for (let unit = 0; unit < 2; unit++) {
      runUnitOfWork({ kind: 'test' }, () => {
        const shared = new Map<Node, object>();
        const transient = new Set<object>();
        const visit = (made: Made, node: Node): void => {
          const { id } = made;
          if (made.node !== node) throw new Error(`seed ${seed}: ${made.node.name} for ${node.name}`);
          if (node.kind === 'transient') {
            if (transient.has(id)) throw new Error(`seed ${seed}: ${node.name} is shared`);
            transient.add(id);
          } else {
            if (shared.has(node)) {
              if (shared.get(node) !== id) throw new Error(`seed ${seed}: two of ${node.name}`);
              return;
            }
            shared.set(node, id);
          }
          if (node.kind === 'scoped' && made.unit !== currentUnit()?.id)
            throw new Error(`seed ${seed}: ${node.name} of another unit`);
          if (made.needs.length !== node.needs.length) throw new Error(`seed ${seed}: ${node.name}`);
          made.needs.forEach((need, i) => void visit(need, node.needs[i] as Node));
        };
        visit(entry, first);
      });
    }
    const counts = new Map<string, number>();
    for (const { node, unit } of log) {
      if (node.kind === 'transient') continue;
      const key = node.kind === 'scoped' ? `${node.name} in ${unit}` : node.name;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts.values()].filter((count) => count !== 1)).toEqual([]);
  }
});

test('a cycle is found when what leads to it is resolved, and its path is one', () => {
  let cycles = 0;
  for (const seed of seeds) {
    const log: Made[] = [];
    const nodes = graph(seed, true);
    const [first] = nodes as [Node];
    const container = register(nodes, log);
    let error: { code?: string; message?: string } | undefined;
    try {
      container.resolve(first.name);
    } catch (thrown) {
      error = thrown as Error;
    }
    expect([seed, error?.code]).toEqual([seed, hasCycle(first) ? 'ERR_DEPENDENCY_CYCLE' : undefined]);
    if (error === undefined) continue;
    cycles += 1;
    const names = /itself: (.*?);/.exec(error.message ?? '')?.[1]?.split(' -> ') ?? [];
    const path = names.map((name) => nodes.find((node) => node.name === name) as Node);
    expect(path[0]?.kind).toBe('scoped');
    expect(path.at(-1)).toBe(path[0]);
    for (const [i, node] of path.slice(0, -1).entries()) expect(node.needs).toContain(path[i + 1]);
    expect(log.filter(({ node }) => node.kind === 'scoped')).toEqual([]);
  }
  // The seeds give enough of both.
  expect(cycles).toBeGreaterThan(30);
  expect(cycles).toBeLessThan(120);
});
