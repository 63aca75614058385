// Makes a program on which both differ small, with fast-check.

import fc from 'fast-check';

class Programs extends fc.Arbitrary {
  generate() {
    return new fc.Value([], undefined);
  }

  canShrinkWithoutContext(value) {
    return Array.isArray(value);
  }

  shrink(program) {
    return fc.stream(smaller(program)).map((value) => new fc.Value(value, undefined));
  }
}

/** `differs(program)` says whether it does; the program does. */
export async function smallest(program, differs) {
  const property = fc.asyncProperty(new Programs(), async (candidate) => !(await differs(candidate)));
  const { counterexample } = await fc.check(property, { examples: [[program]], numRuns: 1 });
  return counterexample?.[0] ?? program;
}

function* smaller(block) {
  for (let size = block.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at + size <= block.length; at += size) yield block.toSpliced(at, size);
  }
  for (const [at, s] of block.entries())
    for (const instead of simpler(s)) yield block.toSpliced(at, 1, ...instead);
}

function* simpler([name, ...rest]) {
  const last = rest.at(-1);
  if (name === 'gather') {
    for (const block of last) yield block;
    for (const [at, block] of last.entries()) {
      for (const inner of smaller(block)) yield [[name, last.with(at, inner)]];
    }
  } else if (Array.isArray(last)) {
    yield last;
    for (const inner of smaller(last)) yield [[name, ...rest.slice(0, -1), inner]];
  }
  for (const [at, value] of rest.entries()) {
    if (typeof value === 'number' && value > 0) yield [[name, ...rest.with(at, 0)]];
  }
}
