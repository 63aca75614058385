// Random programs of what Python's contextvars and asyncio have too: set, reset, get, copy, run, task, gather, call_soon,
// plain generators, tokens and their misuse. As lists, to be sent as JSON: [what, ...arguments, block?].

import { randomFrom } from '../model/random.mjs';

export const VARIABLES = ['a', 'b', 'c'];

/** Everywhere; the numbers say how often. */
const PLAIN = {
  get: 16,
  set: 14,
  reset: 12,
  copy: 5,
  empty: 2,
  copyOf: 3,
  read: 4,
  equals: 3,
  enter: 7,
  throw: 1,
  attempt: 4,
  gen: 2,
  next: 4,
  soon: 2,
};
/** Where a body can wait. */
const ASYNC = { ...PLAIN, pause: 14, call: 5, task: 7, join: 8, gather: 4 };
const pool = (mix) => Object.entries(mix).flatMap(([name, share]) => Array(share).fill(name));
const POOLS = { plain: pool(PLAIN), async: pool(ASYNC) };
const HAVE_BLOCKS = new Set(['enter', 'attempt', 'gen', 'soon', 'call', 'task', 'gather']);

/** The body of the main task: about `size` statements. */
export function generate(seed, size = 60) {
  const maker = { random: randomFrom(seed), left: size };
  const program = [];
  while (maker.left > 0) program.push(statement(maker, 'async', 0));
  return program;
}

function block(maker, kind, depth) {
  const length = 1 + maker.random.below(7);
  const statements = [];
  for (let i = 0; i < length && maker.left > 0; i++) statements.push(statement(maker, kind, depth));
  return statements;
}

function statement(maker, kind, depth) {
  const { below, chance } = maker.random;
  const picked = POOLS[kind][below(POOLS[kind].length)];
  const name = depth > 5 && HAVE_BLOCKS.has(picked) ? 'get' : picked;
  maker.left -= 1;
  const variable = () => below(VARIABLES.length);
  // Counted from the last one that was made, which is the one most often meant.
  const some = () => (chance(60) ? 0 : below(6));
  const inner = (of) => block(maker, of, depth + 1);
  switch (name) {
    case 'get':
      return [name, variable(), below(3)];
    case 'set':
      return [name, variable(), chance(5) ? null : below(50)];
    case 'reset':
      return [name, chance(80) ? -1 : variable(), some()];
    case 'copyOf':
    case 'read':
    case 'next':
    case 'join':
      return [name, some()];
    case 'equals':
      return [name, some(), some()];
    case 'enter':
      return [name, some(), inner('plain')];
    case 'task':
      return [name, chance(25) ? some() : -1, inner('async')];
    case 'attempt':
      return [name, inner(kind)];
    case 'call':
      return [name, inner('async')];
    case 'gen':
    case 'soon':
      return [name, inner('plain')];
    case 'gather':
      return [name, [inner('async'), inner('async'), ...(chance(40) ? [inner('async')] : [])]];
    default:
      return [name];
  }
}
