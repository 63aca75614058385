// Programs for fast-check: made by the generator of the long runs, from a seed that fast-check gives, and made smaller
// statement by statement, so that what is found by either ends as a program that one can read.

import fc from 'fast-check';
import { generate } from './generate.mjs';

class Programs extends fc.Arbitrary {
  #make;

  constructor(make) {
    super();
    this.#make = make;
  }

  generate(random) {
    return new fc.Value(this.#make(random.nextInt()), undefined);
  }

  canShrinkWithoutContext(value) {
    return Array.isArray(value);
  }

  shrink(program) {
    return fc.stream(smaller(program)).map((value) => new fc.Value(value, undefined));
  }
}

export function programs(make = generate) {
  return new Programs(make);
}

/** Blocks that are one step smaller, the boldest steps first. */
function* smaller(block) {
  for (let size = block.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at + size <= block.length; at += size) yield block.toSpliced(at, size);
  }
  for (const [at, s] of block.entries()) {
    for (const instead of simpler(s)) yield block.toSpliced(at, 1, ...instead);
  }
}

/** What may stand in the place of a statement: a list of others. */
function* simpler(s) {
  if (s.block !== undefined) {
    yield s.block;
    for (const block of smaller(s.block)) yield [{ ...s, block }];
  }
  if (s.branches !== undefined) {
    for (const { block } of s.branches) yield block;
    if (s.branches.length > 2) {
      for (const at of s.branches.keys()) yield [{ ...s, branches: s.branches.toSpliced(at, 1) }];
    }
    for (const [at, branch] of s.branches.entries()) {
      for (const block of smaller(branch.block)) {
        yield [{ ...s, branches: s.branches.with(at, { ...branch, block }) }];
      }
    }
  }
  if (s.bindings?.length > 1) for (const binding of s.bindings) yield [{ ...s, bindings: [binding] }];
  for (const [field, plain] of Object.entries(PLAIN_FIELDS)) {
    if (field in s && s[field] !== plain && !FIXED.has(`${s.do}.${field}`)) yield [{ ...s, [field]: plain }];
  }
}

const PLAIN_FIELDS = {
  times: 1,
  form: 'sync',
  join: 'await',
  rethrow: false,
  p: 0,
  t: 0,
  e: 0,
  c: 0,
  d: 0,
  f: 0,
  g: 0,
  j: 0,
  fallback: true,
};
/** Generators and async bodies stay what they are; no Context given is simpler than one. */
const FIXED = new Set(['gen.form', 'bindIt.form', 'spawn.form', 'task.c', 'unit.c']);
