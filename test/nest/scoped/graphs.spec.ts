// Applications put together at random are wired as one would wire them by hand.

import type { INestApplicationContext, InjectionToken } from '@nestjs/common';
import { currentUnit } from 'nestjs-contextvars';
import { closeApps, got, inUnit, refusalOf, startTesting } from './support/application.js';
import {
  expectOncePerUnit,
  type Graph,
  isCycle,
  lazy,
  type Part,
  Parts,
  pathIn,
  randomGraph,
  wiringByHand,
  wiringOf,
  withCycle,
} from './support/graph.js';
import { forSeeds } from './support/graph-seeds.js';
import { modulesOf } from './support/nest-graph.js';

afterEach(closeApps);

async function startGraph(graph: Graph, parts: Parts) {
  const { modules, tokens } = modulesOf(graph, parts);
  const app = await startTesting({ imports: modules });
  parts.clear();
  return { app, tokens };
}

/** The instances of the current unit of work, in the order of `tokens`. */
const partsIn = (app: INestApplicationContext, tokens: readonly InjectionToken[]): Part[] =>
  tokens.map((token) => got<Part>(app, token));

it('who holds whom is as by hand, in each unit of work, whatever is scoped and wherever it is declared', () =>
  forSeeds(async (random) => {
    const graph = randomGraph(random);
    const parts = new Parts();
    const { app, tokens } = await startGraph(graph, parts);
    const identities = [1, 2].map(() =>
      inUnit(() => {
        expect(parts.made).toEqual([]);
        const here = partsIn(app, tokens);
        expect(wiringOf(graph, here)).toEqual(wiringByHand(graph));
        const scoped = graph.nodes.filter(({ scoped }) => scoped).map(({ name }) => name);
        expect([...parts.made].sort()).toEqual([...scoped].sort());
        expect(here.map(({ unit }) => unit)).toEqual(
          graph.nodes.map(({ scoped }) => (scoped ? currentUnit()?.id : undefined)),
        );
        parts.made.length = 0;
        return here.map(({ identity }) => identity);
      }),
    );
    expectOncePerUnit(graph, identities);
  }));

it('what uses its dependencies in its constructor is disposed of before them', () =>
  forSeeds(async (random) => {
    const graph = randomGraph(random);
    const parts = new Parts();
    const { app, tokens } = await startGraph(graph, parts);
    inUnit(() => void partsIn(app, tokens).map(({ identity }) => identity));
    expect([...parts.disposed].sort()).toEqual([...parts.made].sort());
    for (const { name, eager, edges } of graph.nodes) {
      for (const { to, by } of edges) {
        const needed = graph.nodes[to];
        if (!eager || by === 'property' || !needed?.scoped) continue;
        expect(parts.disposed.indexOf(name)).toBeLessThan(parts.disposed.indexOf(needed.name));
      }
    }
  }));

it('what nobody uses is not made', () =>
  forSeeds(async (random) => {
    const graph = randomGraph(random);
    const parts = new Parts();
    const { app, tokens } = await startGraph(graph, parts);
    const alone = graph.nodes.findIndex(({ scoped, eager }) => scoped && !eager);
    inUnit(() => partsIn(app, tokens)[alone]?.identity);
    expect(parts.made).toEqual(alone < 0 ? [] : [graph.nodes[alone]?.name]);
  }));

it('a cycle through something scoped keeps the application from starting, and its path is one of the graph', () =>
  forSeeds(async (random) => {
    const graph = withCycle(randomGraph(random), random);
    if (graph === undefined) return;
    const refused = await refusalOf({ imports: modulesOf(graph, new Parts()).modules });
    expect(refused).toMatchObject({ name: 'ContextError', code: 'ERR_DEPENDENCY_CYCLE' });
    const path = pathIn(refused.message);
    expect([path, isCycle(graph, path)]).toEqual([path, true]);
  }));

it('a cycle that is closed by forwardRef is wired as by hand', () =>
  forSeeds(async (random) => {
    const graph = withCycle(lazy(randomGraph(random)), random, true);
    if (graph === undefined) return;
    const { app, tokens } = await startGraph(graph, new Parts());
    inUnit(() => expect(wiringOf(graph, partsIn(app, tokens))).toEqual(wiringByHand(graph)));
  }));
