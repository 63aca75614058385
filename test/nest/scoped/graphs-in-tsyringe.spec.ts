// Without Nest: containers of tsyringe put together at random are wired as one would wire them by hand.

import type { DependencyContainer } from 'tsyringe';
import { seededRandom } from '../http/support/seeded-random.js';
import { inUnit, type Refusal } from './support/application.js';
import {
  expectOncePerUnit,
  type Graph,
  isCycle,
  lazy,
  type Part,
  Parts,
  pathIn,
  randomGraph,
  reachable,
  wiringByHand,
  wiringOf,
  withCycle,
} from './support/graph.js';
import { FIRST_SEED, forSeeds, GRAPHS } from './support/graph-seeds.js';
import { containerOf, forTsyringe, type Token } from './support/tsyringe-graph.js';

const held = (own: DependencyContainer, tokens: readonly Token[]) =>
  tokens.map((token) => own.resolve<Part>(token));

/** What a factory needs is not known before it is called. */
const onlyClasses = ({ nodes, modules }: Graph): Graph => ({
  nodes: nodes.map((node) => ({ ...node, made: 'class' })),
  modules,
});

it('who holds whom is as by hand, in each unit of work', () =>
  forSeeds((random) => {
    const graph = forTsyringe(randomGraph(random));
    const parts = new Parts();
    const { own, tokens } = containerOf(graph, parts);
    held(own, tokens);
    parts.clear();
    const identities = [1, 2].map(() =>
      inUnit(() => {
        const here = held(own, tokens);
        expect(wiringOf(graph, here)).toEqual(wiringByHand(graph));
        return here.map(({ identity }) => identity);
      }),
    );
    expectOncePerUnit(graph, identities);
    const scoped = graph.nodes.filter(({ scoped }) => scoped).map(({ name }) => name);
    expect([...parts.made].sort()).toEqual([...scoped, ...scoped].sort());
    expect([...parts.disposed].sort()).toEqual([...parts.made].sort());
  }));

it('a cycle through something scoped is an error for all who lead to it, and its path is one of the graph', () =>
  forSeeds((random) => {
    const closed = withCycle(onlyClasses(randomGraph(random)), random);
    if (closed === undefined) return;
    const graph = forTsyringe(closed);
    const { own, tokens } = containerOf(graph, new Parts());
    const cycle = new Set<string>();
    const refused = tokens.filter((token) => {
      try {
        own.resolve(token);
        return false;
      } catch (error) {
        const { code, message } = error as Refusal;
        const path = pathIn(message);
        expect([code, path, isCycle(graph, path)]).toEqual(['ERR_DEPENDENCY_CYCLE', path, true]);
        for (const name of path) cycle.add(name);
        return true;
      }
    });
    const leadingThere = tokens.filter((_, i) =>
      [...reachable(graph.nodes, i)].some((to) => cycle.has(graph.nodes[to]?.name ?? '')),
    );
    expect(cycle.size).toBeGreaterThan(0);
    expect(refused).toEqual(leadingThere);
  }));

it('a cycle that is closed by delay is wired as by hand', () =>
  forSeeds((random) => {
    const closed = withCycle(lazy(onlyClasses(randomGraph(random))), random, true);
    if (closed === undefined) return;
    const graph = forTsyringe(closed);
    const { own, tokens } = containerOf(graph, new Parts());
    inUnit(() => expect(wiringOf(graph, held(own, tokens))).toEqual(wiringByHand(graph)));
  }));

it('the graphs are of all sizes and have all there is', () => {
  const graphs = Array.from({ length: GRAPHS }, (_, i) => randomGraph(seededRandom(FIRST_SEED + i)));
  const nodes = graphs.flatMap(({ nodes }) => nodes);
  expect(Math.max(...graphs.map(({ nodes }) => nodes.length))).toBeGreaterThan(50);
  expect(Math.max(...nodes.map(({ edges }) => edges.length))).toBeGreaterThan(2);
  const kinds = new Set(nodes.map(({ made, scoped, token }) => `${made} ${scoped} ${token}`));
  expect(kinds.size).toBe(6);
  const edges = new Set(nodes.flatMap(({ edges }) => edges.map(({ by, alias }) => `${by} ${alias}`)));
  expect(edges.size).toBe(4);
});
