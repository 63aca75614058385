// Random programs. A program is a block, a block a list of statements; a statement is a plain object that says what it
// does and, where it runs more statements, its block and the form of the function that the block is the body of.

import { PLAIN, VARIABLES } from './model.mjs';
import { randomFrom } from './random.mjs';

/** How often which statement stands in a block. */
const MIX = {
  get: 22,
  set: 12,
  reset: 6,
  look: 4,
  bind: 2,
  use: 2,
  copy: 3,
  empty: 1,
  copyOf: 2,
  read: 3,
  equals: 1,
  pause: 14,
  echo: 3,
  hear: 5,
  throw: 1,
  repeat: 4,
  run: 4,
  temp: 6,
  scoped: 4,
  enter: 3,
  task: 2,
  unit: 1,
  gather: 2,
  preserve: 1,
  bindFn: 2,
  call: 4,
  spawn: 5,
  all: 1,
  join: 1,
  gen: 1,
  bindIt: 1,
  next: 3,
  drain: 1,
  close: 1,
};
/** Temporary scopes, what ends them and what outlives them, and little else. */
const ENDINGS = {
  get: 10,
  echo: 5,
  hear: 6,
  look: 4,
  set: 6,
  pause: 24,
  throw: 1,
  repeat: 5,
  run: 3,
  temp: 14,
  scoped: 10,
  spawn: 14,
  gather: 4,
  task: 3,
};

const pool = (mix) => Object.entries(mix).flatMap(([name, share]) => Array(share).fill(name));

/** Each program does without some kinds of statements, so that what is left meets more often: "swarm testing". */
function swarm(mix, { chance }) {
  const pools = Array.from({ length: 256 }, () => pool(mix).filter(without(mix, chance)));
  return [pool(mix), ...pools];
}

function without(mix, chance) {
  const left = new Set(Object.keys(mix).filter(() => chance(75)));
  return (name) => left.has(name) || name === 'get' || name === 'pause';
}

/** What often comes right after: what has been made is used. */
const NEXT = {
  copy: ['copyOf', 'enter', 'enter'],
  copyOf: ['enter'],
  preserve: ['call'],
  bindFn: ['call'],
  gen: ['next'],
  bindIt: ['next'],
};

const MIXES = { all: swarm(MIX, randomFrom(1)), endings: [pool(ENDINGS)] };
const STARTS = ['unit', 'unit', 'enter', 'run', 'temp', 'scoped', 'task', 'preserve'];

/** How a body is written: a plain function, an async one, one that gives a thenable, a generator, a promise of one. */
const FORMS = [
  ...Array(5).fill('sync'),
  ...Array(9).fill('async'),
  'thenable',
  'thenable',
  'generator',
  'asyncGenerator',
  'promisedGenerator',
];
const ASYNC = ['async'];
const GENERATORS = ['generator', 'asyncGenerator'];

/** What a program does with a promise: wait at once, wait later, or never. */
const JOINS = ['await', 'await', 'keep', 'leave', 'leave'];

export const PAUSES = ['microtask', 'nextTick', 'setImmediate', 'setTimeout', 'thenable', 'elsewhere'];
/** Timers are rare: each of them is a millisecond, in which a thousand other statements could run. */
const PAUSE_MIX = [20, 6, 7, 1, 6, 6].flatMap((share, p) => Array(share).fill(p));

/** A program of about `size` statements, of all kinds or of those that have to do with the endings of scopes. */
export function generate(seed, size = 70, mix = 'all') {
  const maker = new Maker(randomFrom(seed), size, MIXES[mix]);
  const program = [];
  // Most begin a unit of work at once; what is left runs outside any.
  if (maker.random.chance(85)) program.push(maker.statement(maker.oneOf(STARTS), 0, size));
  while (maker.left > 0) program.push(maker.any(0, 8));
  return program;
}

class Maker {
  constructor(random, size, pools) {
    this.random = random;
    this.left = size;
    this.statements = this.oneOf(pools);
    // The fewer variables, the more often they meet.
    this.plains = 1 + this.below(PLAIN);
    this.scopeds = 1 + this.below(VARIABLES - PLAIN);
  }

  any(depth, longest, last) {
    const then = NEXT[last?.do];
    const name = this.oneOf(then !== undefined && this.random.chance(50) ? then : this.statements);
    // Deep enough: something that has no block.
    return this.statement(depth > 6 && HAVE_BLOCKS.has(name) ? 'get' : name, depth, longest);
  }

  statement(name, depth, longest) {
    this.left -= 1;
    return STATEMENT[name](this, depth + 1, depth === 0 ? longest : 7);
  }

  block(depth, longest) {
    const length = 1 + this.below(longest);
    const block = [];
    for (let i = 0; i < length && this.left > 0; i++) block.push(this.any(depth, longest, block.at(-1)));
    if (this.random.chance(6)) block.push(STATEMENT.throw());
    return block;
  }

  branches(forms, depth, longest) {
    const branches = [];
    for (let i = this.below(2); i < 3; i++) {
      branches.push({ form: this.oneOf(forms), block: this.block(depth, longest) });
    }
    return branches;
  }

  below(n) {
    return this.random.below(n);
  }

  oneOf(list) {
    return list[this.random.below(list.length)];
  }

  /** Counted from the last thing that was made, which is the one most often meant. */
  some() {
    return this.random.chance(60) ? 0 : this.below(8);
  }

  variable() {
    return this.random.chance(60) ? this.plain() : this.scoped();
  }

  plain() {
    return this.below(this.plains);
  }

  scoped() {
    return PLAIN + this.below(this.scopeds);
  }

  /** Now and then undefined (-1), which is a value like any other. */
  value() {
    return this.random.chance(4) ? -1 : this.below(50);
  }

  given(percent) {
    return this.random.chance(percent) ? this.some() : -1;
  }

  form() {
    return this.oneOf(FORMS);
  }

  join() {
    return this.oneOf(JOINS);
  }

  /** What the body throws is seen by whoever called it, and goes no further, but for a third. */
  rethrow() {
    return this.random.chance(30);
  }

  bindings() {
    const bindings = [[this.variable(), this.value()]];
    if (this.random.chance(30)) bindings.push([this.variable(), this.value()]);
    return bindings;
  }
}

/** Makes one statement of each kind: `m` is the maker, `d` the depth and `l` the greatest length of its blocks. */
const STATEMENT = {
  get: (m) => ({ do: 'get', v: m.variable(), fallback: m.random.chance(60) }),
  set: (m) => ({ do: 'set', v: m.plain(), x: m.value() }),
  // -1 is the variable of the token, as is right.
  reset: (m) => ({ do: 'reset', v: m.random.chance(80) ? -1 : m.plain(), t: m.some() }),
  look: () => ({ do: 'look' }),
  bind: (m) => ({ do: 'bind', v: m.scoped(), x: m.value() }),
  use: () => ({ do: 'use' }),
  copy: () => ({ do: 'copy' }),
  empty: () => ({ do: 'empty' }),
  copyOf: (m) => ({ do: 'copyOf', c: m.some() }),
  read: (m) => ({ do: 'read', c: m.some() }),
  echo: () => ({ do: 'echo' }),
  hear: (m) => ({ do: 'hear', e: m.some() }),
  equals: (m) => ({ do: 'equals', c: m.some(), d: m.some() }),
  pause: (m) => ({ do: 'pause', p: m.oneOf(PAUSE_MIX) }),
  throw: () => ({ do: 'throw' }),
  join: (m) => ({ do: 'join', j: m.some() }),
  call: (m) => ({ do: 'call', f: m.some(), join: m.join(), rethrow: m.rethrow() }),
  next: (m) => ({ do: 'next', g: m.some(), join: m.join() }),
  drain: (m) => ({ do: 'drain', g: m.some(), join: m.join() }),
  close: (m) => ({ do: 'close', g: m.some(), join: m.join() }),
  repeat: (m, d, l) => ({ do: 'repeat', times: 2 + m.below(4), block: m.block(d, l) }),
  run: (m, d, l) => withBody(m, d, l, { do: 'run', v: m.plain(), x: m.value() }),
  temp: (m, d, l) => withBody(m, d, l, { do: 'temp', bindings: m.bindings() }),
  scoped: (m, d, l) => withBody(m, d, l, { do: 'scoped', v: m.scoped(), x: m.value() }),
  enter: (m, d, l) => withBody(m, d, l, { do: 'enter', c: m.some() }),
  // -1 is a Context of its own.
  task: (m, d, l) => withBody(m, d, l, { do: 'task', c: m.given(15) }),
  unit: (m, d, l) => withBody(m, d, l, { do: 'unit', c: m.given(20) }),
  spawn: (m, d, l) => withBody(m, d, l, { do: 'spawn' }, 'async'),
  gather: (m, d, l) => ({
    do: 'gather',
    join: m.join(),
    rethrow: m.rethrow(),
    branches: m.branches(FORMS, d, l),
  }),
  all: (m, d, l) => ({ do: 'all', join: m.join(), rethrow: m.rethrow(), branches: m.branches(ASYNC, d, l) }),
  preserve: (m, d, l) => ({ do: 'preserve', form: m.form(), block: m.block(d, l) }),
  bindFn: (m, d, l) => ({ do: 'bindFn', form: m.form(), block: m.block(d, l) }),
  gen: (m, d, l) => ({ do: 'gen', form: m.oneOf(GENERATORS), block: m.block(d, l) }),
  bindIt: (m, d, l) => ({ do: 'bindIt', form: m.oneOf(GENERATORS), block: m.block(d, l) }),
};
const HAVE_BLOCKS = new Set(Object.keys(STATEMENT).slice(Object.keys(STATEMENT).indexOf('repeat')));

function withBody(m, d, l, statement, form = m.form()) {
  statement.form = form;
  statement.join = m.join();
  statement.rethrow = m.rethrow();
  statement.block = m.block(d, l);
  return statement;
}
