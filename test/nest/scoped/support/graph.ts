import { currentUnit } from 'nestjs-contextvars';

/** A dependency of a class or a factory. */
export interface Edge {
  readonly to: number;
  /** Factories have parameters only. */
  readonly by: 'parameter' | 'property';
  /** By another token, which stands for that of the class. */
  readonly alias: boolean;
  /** Declared to be a part of a cycle. */
  readonly forward: boolean;
}

export interface Node {
  readonly name: string;
  readonly scoped: boolean;
  readonly made: 'class' | 'factory';
  readonly token: 'class' | 'string';
  readonly module: number;
  /** Uses what it is given by its parameters as soon as it is made. Only what is scoped can. */
  readonly eager: boolean;
  readonly edges: readonly Edge[];
}

export interface Graph {
  readonly nodes: readonly Node[];
  /** How the others get at what a module exports. */
  readonly modules: readonly ('import' | 'hub' | 'global')[];
}

type Random = () => number;

const LARGEST = 60;

const chance = (random: Random, of: number) => random() < of;
const below = (random: Random, n: number) => Math.floor(random() * n);
const pick = <T>(random: Random, all: readonly T[]): T => all[below(random, all.length)] as T;

/** Of 2 to 60 classes and factories, without cycles, in an order in which nothing stands before what it needs. */
export function randomGraph(random: Random): Graph {
  const count = 2 + below(random, LARGEST - 1);
  const modules = Array.from({ length: 1 + below(random, 5) }, () =>
    pick(random, ['import', 'hub', 'global'] as const),
  );
  const nodes = Array.from({ length: count }, (_, i): Node => {
    const scoped = chance(random, 0.5);
    const made = chance(random, 0.8) ? 'class' : 'factory';
    const needed = new Set(Array.from({ length: below(random, 5) }, () => below(random, i)));
    return {
      name: `N${i}`,
      scoped,
      made,
      // A factory is no token.
      token: made === 'class' && chance(random, 0.7) ? 'class' : 'string',
      module: below(random, modules.length),
      eager: scoped && chance(random, 0.3),
      edges: i === 0 ? [] : [...needed].map((to) => edge(random, made, to)),
    };
  });
  return { nodes, modules };
}

function edge(random: Random, made: Node['made'], to: number, forward = false): Edge {
  const by = made === 'class' && chance(random, 0.3) ? 'property' : 'parameter';
  return { to, by, alias: !forward && chance(random, 0.15), forward };
}

/** `graph` with one edge more, which closes a cycle through something scoped; undefined where nothing is. */
export function withCycle({ nodes, modules }: Graph, random: Random, forward = false): Graph | undefined {
  const scoped = nodes.flatMap((node, i) => (node.scoped ? [i] : []));
  if (scoped.length === 0) return undefined;
  const to = pick(random, scoped);
  const ends = [...reachable(nodes, to)];
  // Nest gives others null for a factory of its own that injects by forwardRef.
  const able = ends.filter((i) => !forward || nodes[i]?.scoped || nodes[i]?.made === 'class');
  const from = pick(random, able);
  const closed = nodes.map((node, i) =>
    i === from ? { ...node, edges: [...node.edges, edge(random, node.made, to, forward)] } : node,
  );
  return { nodes: closed, modules };
}

/** What `from` needs, and what that needs, with `from` itself. */
export function reachable(nodes: readonly Node[], from: number): Set<number> {
  const found = new Set([from]);
  for (const i of found) for (const { to } of nodes[i]?.edges ?? []) found.add(to);
  return found;
}

/** `graph` with nothing that uses what it is given before it is needed. */
export function lazy({ nodes, modules }: Graph): Graph {
  return { nodes: nodes.map((node) => ({ ...node, eager: false })), modules };
}

/** What each is given, by name: the wiring as one would write it by hand. */
export function wiringByHand({ nodes }: Graph): Record<string, string[]> {
  return Object.fromEntries(
    nodes.map(({ name, edges }) => [name, edges.map(({ to }) => String(nodes[to]?.name))]),
  );
}

/** Whether `path` goes along the edges of `graph`, through something scoped, back to where it began. */
export function isCycle({ nodes }: Graph, path: readonly string[]): boolean {
  const at = path.map((name) => nodes.findIndex((node) => node.name === name));
  return (
    path.length > 1 &&
    at[0] === at.at(-1) &&
    new Set(at.slice(1)).size === at.length - 1 &&
    at.some((i) => nodes[i]?.scoped) &&
    at.slice(1).every((to, i) => nodes[at[i] ?? -1]?.edges.some((edge) => edge.to === to))
  );
}

/** The names in a message that prints a path. */
export function pathIn(message: string): string[] {
  return (/: (\S+(?: -> \S+)+);/.exec(message)?.[1] ?? '').split(' -> ');
}

/** What has been made and disposed of in a run, by name. */
export class Parts {
  readonly made: string[] = [];
  readonly disposed: string[] = [];

  /** What a class or a factory of `node` makes. */
  make({ name, eager }: Node, parameters: readonly Part[]): Part {
    const part: Part = {
      identity: {},
      name,
      unit: currentUnit()?.id,
      parameters,
      [Symbol.dispose]: () => void this.disposed.push(name),
    };
    this.made.push(name);
    if (eager) for (const { identity } of parameters) expect(identity).toBeDefined();
    return part;
  }

  clear(): void {
    this.made.length = 0;
    this.disposed.length = 0;
  }
}

export interface Part extends Disposable {
  /** Of this one alone, whatever it is read through. */
  readonly identity: object;
  readonly name: string;
  readonly unit: string | undefined;
  readonly parameters: readonly Part[];
  /** By the index of the edge. */
  readonly [property: `needs${number}`]: Part;
}

/** What `part` has been given, in the order of the edges. */
export function needsOf({ edges }: Node, part: Part): Part[] {
  let parameter = 0;
  return edges.map(
    ({ by }, i) => (by === 'property' ? part[`needs${i}`] : part.parameters[parameter++]) as Part,
  );
}

/** Which of `parts`, the instances of one unit of work, holds which. */
export function wiringOf({ nodes }: Graph, parts: readonly Part[]): Record<string, string[]> {
  const names = new Map(parts.map(({ identity, name }) => [identity, name]));
  return Object.fromEntries(
    nodes.map((node, i) => [
      node.name,
      needsOf(node, parts[i] as Part).map(({ identity }) => names.get(identity) ?? 'another instance'),
    ]),
  );
}

/** Of two units of work: what is scoped is there once in each, everything else once in both. */
export function expectOncePerUnit({ nodes }: Graph, units: readonly (readonly object[])[]): void {
  const [first = [], second = []] = units;
  const shared = nodes.filter((_, i) => first[i] === second[i]);
  expect(shared.map(({ name }) => name)).toEqual(
    nodes.filter(({ scoped }) => !scoped).map(({ name }) => name),
  );
}
