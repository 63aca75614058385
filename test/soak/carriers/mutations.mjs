// Ways to spoil a text. Each takes the random source and a text, and some a second text.

import { anyUnit, byteUnit } from './random.mjs';

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '0',
  '1',
  ' ',
  '\n',
  'null',
  'true',
  '1e999',
  '\\u0041',
  '\u0000',
];

function flipBits({ below }, text) {
  let flipped = text;
  for (let i = 1 + below(3); i > 0 && flipped.length > 0; i--) {
    const at = below(flipped.length);
    const unit = String.fromCharCode(flipped.charCodeAt(at) ^ (1 << below(8)));
    flipped = flipped.slice(0, at) + unit + flipped.slice(at + 1);
  }
  return flipped;
}

const truncate = ({ below, chance }, text) =>
  chance(0.5) ? text.slice(0, below(text.length)) : text.slice(1 + below(text.length));

function remove({ below }, text) {
  const at = below(text.length);
  return text.slice(0, at) + text.slice(at + 1 + below(4));
}

function insert({ below, oneOf, chance, text: textOf }, text) {
  const at = below(text.length + 1);
  return text.slice(0, at) + (chance(0.5) ? oneOf(TOKENS) : textOf(5, anyUnit)) + text.slice(at);
}

function repeatPart({ below }, text) {
  const [a, b] = [below(text.length), below(text.length)].sort((x, y) => x - y);
  return text.slice(0, b) + text.slice(a, b) + text.slice(b);
}

function swapParts({ below }, text) {
  const [a, b, c] = [below(text.length), below(text.length), below(text.length)].sort((x, y) => x - y);
  return text.slice(0, a) + text.slice(b, c) + text.slice(a, b) + text.slice(c);
}

const splice = ({ below }, text, other) =>
  text.slice(0, below(text.length)) + other.slice(below(other.length));
const join = ({ oneOf }, text, other) => text + oneOf([',', ', ', ';', '', '\n']) + other;

/** Parses it, changes the object, writes it again: still JSON, and still nearly a carrier. */
function restructure(random, text) {
  const { below, oneOf } = random;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return flipBits(random, text);
  }
  if (value === null) return 'nul';
  const vars = Array.isArray(value.vars) ? value.vars : [];
  const pairs = vars.filter(Array.isArray);
  const some = vars[below(vars.length)] ?? ['tenant', 'x'];
  const change = oneOf([
    () => ({ ...value, v: oneOf([0, 2, 1.5, '1', null, true, [1], { v: 1 }, -1]) }),
    () => ({
      ...value,
      [oneOf(['x', 'constructor', 'toString', '__proto__x', 'alg', 'sig', 'exp', 'kid', 'aud'])]: oneOf([
        1,
        'x',
        null,
        {},
      ]),
    }),
    () => ({ ...value, vars: [...vars, some] }),
    () => ({ ...value, vars: [some, ...vars] }),
    () => ({ ...value, vars: [...vars].reverse() }),
    () => ({ ...value, vars: Object.fromEntries(pairs) }),
    () => ({
      ...value,
      vars: [
        ...vars,
        oneOf([[], ['a'], ['a', 1], ['a', null], [1, 'a'], ['', 'a'], ['z', 'a', 'b'], 'zz', null]),
      ],
    }),
    () => ({
      ...value,
      vars: pairs.map(([name, was]) => [name, oneOf([was, 'NaN', '01', '{}', 'True', was + was])]),
    }),
    () => ({ ...value, vars: [['__proto__', '{"role":"admin"}'], ...vars] }),
    () => ({ vars, v: 1, ...value }),
    () => ({ ...value, exp: (value.exp ?? 0) + oneOf([1, -1, 1e12, 0.5]) }),
    () => ({ ...value, kid: oneOf(['k1', 'k2', 'k3', '__proto__', 'constructor', '../k1', '']) }),
    () => ({ ...value, aud: oneOf(['orders', 'mails', '', null, ['orders']]) }),
    () => ({ ...value, sig: oneOf(['', 'x', 1, null, `${value.sig}=`, String(value.sig).toLowerCase()]) }),
    () => ({ ...value, sig: undefined, kid: undefined, exp: undefined, aud: undefined }),
  ]);
  return JSON.stringify(change(), undefined, oneOf([undefined, undefined, undefined, 1]));
}

function pollute({ oneOf }, text) {
  const polluting = oneOf([
    '"__proto__":{"role":"admin"}',
    '"constructor":{"prototype":{"role":"admin"}}',
    '"__proto__":{"contextvars":"x","toString":1}',
  ]);
  return oneOf([
    () => text.replace('{', `{${polluting},`),
    () => text.replace(/\}$/, `,${polluting}}`),
    () => text.replace('[[', `[["__proto__","x"],[`),
    () => text.replace('"{', `"{${polluting.replaceAll('"', '\\"')},`),
  ])();
}

const rewrite = ({ oneOf }, text) =>
  oneOf([
    () => ` ${text}`,
    () => `${text} `,
    () => `${text}\n`,
    () => `\ufeff${text}`,
    () => text.replaceAll(',', ', '),
    () => text.replace('"v"', '"\\u0076"'),
    () => text.replace('1', '1.0'),
    () => text.replace('"v":1', '"v":1,"v":1'),
    () => text.replaceAll('"', "'"),
    () => text.toUpperCase(),
    () => encodeURIComponent(text.toWellFormed()),
    () => Buffer.from(text).toString('base64'),
    () => text.replaceAll('\\u00', '\\u00'.toUpperCase()),
  ])();

const junk = ({ text: textOf, oneOf, below }) =>
  oneOf([
    () => textOf(200, byteUnit),
    () => textOf(200, anyUnit),
    () => oneOf(TOKENS).repeat(below(300)),
    () => JSON.stringify(oneOf([null, 1, 'x', [], {}, [[]], { v: 1 }, { v: 1, vars: {} }, { __proto: 1 }])),
  ])();

const nest = ({ oneOf, below }) => {
  const depth = oneOf([10, 100, 1_000, 2_000]) + below(10);
  return oneOf([
    () => '['.repeat(depth) + ']'.repeat(depth),
    () => `${'{"v":'.repeat(depth)}1${'}'.repeat(depth)}`,
    () => `{"v":1,"vars":[["tenant",${'['.repeat(depth)}${']'.repeat(depth)}]]}`,
    () => `{"v":1,"vars":[["user","${'['.repeat(depth)}${']'.repeat(depth)}"]]}`,
    () => `{"v":1,"vars":${'['.repeat(depth)}`,
  ])();
};

export const mutations = {
  flipBits,
  truncate,
  remove,
  insert,
  repeatPart,
  swapParts,
  splice,
  join,
  restructure,
  pollute,
  rewrite,
  junk,
  nest,
};

/** Made once, because making one takes longer than a thousand refusals. */
const MB = 1_000_000;
export const giants = [
  '['.repeat(10_000) + ']'.repeat(10_000),
  `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  `{"v":1,"vars":[["tenant",${'['.repeat(10_000)}${']'.repeat(10_000)}]]}`,
  `{"v":1,"vars":[["tenant","${'a'.repeat(10 * MB)}"]]}`,
  `{"v":1,"vars":[${'["a","b"],'.repeat(MB)}["z","z"]]}`,
  '"'.repeat(10 * MB),
  '\u00e9'.repeat(10 * MB),
  ' '.repeat(10 * MB),
  'a'.repeat(4097),
];

/** What is no text at all, and whole carriers that are none. */
export const noTexts = [
  null,
  0,
  1,
  true,
  Number.NaN,
  1n,
  [],
  ['x'],
  {},
  { v: 1, vars: [] },
  Buffer.from('{}'),
  () => '{}',
  Symbol('x'),
];
export const noCarriers = [null, undefined, 1, 'contextvars', true, Symbol('x'), () => {}, 1n];
