// A program as source text, with what went wrong beside the statement where it did.

import { inspect } from 'node:util';
import { PAUSES } from './generate.mjs';
import { NAMES } from './variables.mjs';

const PAUSE_TEXT = {
  microtask: 'await undefined;',
  nextTick: 'await new Promise((resolve) => process.nextTick(resolve));',
  setImmediate: 'await new Promise((resolve) => setImmediate(resolve));',
  setTimeout: 'await new Promise((resolve) => setTimeout(resolve, 0));',
  thenable: 'await { then: (resolve) => resolve() };',
  elsewhere: 'await resolvedElsewhere();',
};

const value = (x) => (x === -1 ? 'undefined' : String(x));
const last = (list, index) => `${list}.at(${-1 - index})`;

const SIMPLE = {
  get: (s) => `${NAMES[s.v]}.get(${s.fallback ? "'fallback'" : ''});`,
  set: (s) => `tokens.push(${NAMES[s.v]}.set(${value(s.x)}));`,
  reset: (s) => `${s.v === -1 ? `${last('tokens', s.t)}.var` : NAMES[s.v]}.reset(${last('tokens', s.t)});`,
  look: () => 'readAll();',
  bind: (s) => `${NAMES[s.v]}.bind(${value(s.x)});`,
  use: () => 'scopedInstance();',
  copy: () => 'contexts.push(copyContext());',
  empty: () => 'contexts.push(new Context());',
  copyOf: (s) => `contexts.push(${last('contexts', s.c)}.copy());`,
  read: (s) => `readContext(${last('contexts', s.c)});`,
  echo: () => 'callbacks.push(AsyncResource.bind(readAll));',
  hear: (s) => `${last('callbacks', s.e)}();`,
  equals: (s) => `${last('contexts', s.c)}.equals(${last('contexts', s.d)});`,
  pause: (s) => PAUSE_TEXT[PAUSES[s.p]],
  throw: () => "throw new Error('thrown');",
  join: (s) => `await ${last('kept', s.j)};`,
  next: (s) => `${joined(s)}${last('generators', s.g)}.next();`,
  drain: (s) => `${joined(s)}drain(${last('generators', s.g)});`,
  close: (s) => `${joined(s)}${last('generators', s.g)}.return();`,
  call: (s) => `${joined(s)}${last('functions', s.f)}();`,
};

const given = (s) => (s.c === -1 ? '' : last('contexts', s.c));

/** What stands before and after the function that is the body. */
const AROUND = {
  run: (s) => [`${NAMES[s.v]}.run(${value(s.x)}, `, ')'],
  scoped: (s) => [`${NAMES[s.v]}.run(${value(s.x)}, `, ')'],
  temp: (s) => [
    `withTempContext([${s.bindings.map(([v, x]) => `${NAMES[v]}.as(${value(x)})`).join(', ')}], `,
    ')',
  ],
  enter: (s) => [`${last('contexts', s.c)}.run(`, ')'],
  task: (s) => ['createTask(', given(s) && `, { context: ${given(s)} }`, ')'],
  unit: (s) => [`runUnitOfWork({ kind: 'model'${given(s) && `, context: ${given(s)}`} }, `, ')'],
  gather: () => ['gather([', '])'],
  all: () => ['Promise.all([', '].map((fn) => fn()))'],
  preserve: () => ['functions.push(preserveContext(', '))'],
  bindFn: () => ['functions.push(bindContext(', '))'],
  spawn: () => ['(', ')()'],
  gen: () => ['generators.push((', ')())'],
  bindIt: () => ['generators.push(bindIterable((', ')()))'],
};

const HEADS = {
  sync: ['() => {', '}'],
  async: ['async () => {', '}'],
  thenable: ['() => thenable(async () => {', '})'],
  generator: ['function* () {', '}'],
  asyncGenerator: ['async function* () {', '}'],
  promisedGenerator: ['async () => (async function* () {', '})()'],
};

function joined(s) {
  const throws = s.rethrow ? '/* lets errors through */ ' : '';
  if (s.join === 'await') return `await ${throws}`;
  return s.join === 'keep' ? `kept: ${throws}` : throws;
}

/** In the other forms nothing can be waited for. */
const WAITS = new Set(['async', 'thenable', 'asyncGenerator', 'promisedGenerator']);

/** `failure` is marked where its statement is. */
export function print(program, failure) {
  const shown = failure && `  // <-- ${textOf(failure)}`;
  const lines = [];
  const block = ({ form, block }, indent) => {
    for (const s of block) statement(WAITS.has(form) ? s : { ...s, of: s, join: undefined }, indent);
  };
  const statement = (s, indent) => {
    const mark = (s.of ?? s) === failure?.statement ? shown : '';
    if (s.do === 'repeat') {
      lines.push(`${indent}for (let i = 0; i < ${s.times}; i++) {${mark}`);
      for (const inner of s.block)
        statement(s.of === undefined ? inner : { ...inner, of: inner, join: undefined }, `${indent}  `);
      return lines.push(`${indent}}`);
    }
    if (AROUND[s.do] === undefined) {
      const text = SIMPLE[s.do](s);
      return lines.push(`${indent}${s.of === undefined ? text : text.replace(/^await /, 'void ')}${mark}`);
    }
    const [before, ...after] = AROUND[s.do](s);
    const end = `${after.join('')};`;
    if (s.branches !== undefined) {
      lines.push(`${indent}${joined(s)}${before}${mark}`);
      for (const branch of s.branches) {
        lines.push(`${indent}  ${HEADS[branch.form][0]}`);
        block(branch, `${indent}    `);
        lines.push(`${indent}  ${HEADS[branch.form][1]},`);
      }
      return lines.push(`${indent}${end}`);
    }
    const [head, tail] = HEADS[s.form];
    lines.push(`${indent}${joined(s)}${before}${head}${mark}`);
    block(s, `${indent}  `);
    return lines.push(`${indent}${tail}${end}`);
  };
  block({ form: 'async', block: program }, '');
  if (failure !== undefined && !lines.some((line) => line.includes('// <--')))
    lines.push(`// at the end: ${textOf(failure)}`);
  return lines.join('\n');
}

/** What was got and what was expected. */
export function textOf({ what, got, expected }) {
  return `${what}: ${show(got)}, and not ${show(expected)}`;
}

function show(outcome) {
  return outcome?.code ?? inspect(outcome, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
}
