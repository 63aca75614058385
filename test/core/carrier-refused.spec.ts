// A bad carrier is refused whole, whatever is wrong with it, and the error says nothing of what it holds.

import { inspect } from 'node:util';
import fc from 'fast-check';
import { z } from 'zod';
import {
  Context,
  ContextError,
  ContextVar,
  codecs,
  extractContext,
  injectContext,
} from '../../src/core/index.js';
import { thrownBy } from './support/outcome.js';
import { startingStates } from './support/starting-states.js';

const tenant = new ContextVar('tenant', { codec: codecs.string });
const limit = new ContextVar('limit', { codec: codecs.number });
const user = new ContextVar('user', { codec: codecs.json(z.object({ id: z.string() })) });
/** Prints what it refuses, as many codecs do. */
const loud = new ContextVar<string>('loud', {
  codec: {
    encode: (value) => value,
    decode: (text) => {
      throw new Error(`cannot read ${text}`, { cause: text });
    },
  },
});

const CANARY = 'canary\\u001b[31m';

/** The text of a carrier of these entries, as long as nothing in them has to be escaped. */
function textOf(...entries: readonly (readonly [name: string, text: string])[]): string {
  return JSON.stringify({ v: 1, vars: entries });
}

const GOOD = textOf(['limit', '5'], ['tenant', 'acme']);

test('the text that is changed below is good as it stands', () => {
  expect(extractContext({ contextvars: GOOD }).size).toBe(2);
  expect(extractContext({ contextvars: '{"v":1,"vars":[]}' }).size).toBe(0);
});

const bad: readonly (readonly [what: string, text: unknown, reason: string])[] = [
  // wrong type
  ['null', null, 'not a string'],
  ['a number', 1, 'not a string'],
  ['an object', { v: 1, vars: [] }, 'not a string'],
  ['a list, as of a header that came twice', [GOOD, GOOD], 'not a string'],
  ['a Buffer', Buffer.from(GOOD), 'not a string'],
  ['a String object', new String(GOOD), 'not a string'],
  ['what has a toString', { toString: () => GOOD }, 'not a string'],
  // unknown encoding
  ['nothing', '', 'not JSON'],
  ['two joined by a comma, as of a header that came twice', `${GOOD}, ${GOOD}`, 'not JSON'],
  ['base64', Buffer.from(GOOD).toString('base64'), 'not JSON'],
  ['percent encoding', encodeURIComponent(GOOD), 'not JSON'],
  ['letters beyond ASCII', textOf(['tenant', 'ä']), 'not printable ASCII'],
  ['a control character', GOOD.replace('acme', 'ac\u0000me'), 'not printable ASCII'],
  ['DEL', GOOD.replace('acme', 'ac\u007fme'), 'not printable ASCII'],
  ['a byte order mark', `\ufeff${GOOD}`, 'not printable ASCII'],
  ['a line break at its end', `${GOOD}\n`, 'not printable ASCII'],
  ['half a text', GOOD.slice(0, -9), 'not JSON'],
  ['YAML', 'v: 1', 'not JSON'],
  ['single quotes', GOOD.replaceAll('"', "'"), 'not JSON'],
  ['NaN', '{"v":NaN,"vars":[]}', 'not JSON'],
  // wrong version
  ['no version', '{"vars":[]}', 'its version is not 1'],
  ['another version', '{"v":2,"vars":[]}', 'its version is not 1'],
  ['a later version of another shape', '{"v":2,"payload":"x"}', 'its version is not 1'],
  ['a version that is a text', '{"v":"1","vars":[]}', 'its version is not 1'],
  ['a version in another notation', '{"v":1.0,"vars":[]}', 'not written as'],
  ['another one in an exponent', '{"v":10e-1,"vars":[]}', 'not written as'],
  // too large, too deep
  ['4097 bytes', textOf(['tenant', 'a'.repeat(4097)]), 'larger than 4096 bytes'],
  ['10 MB', textOf(['tenant', 'a'.repeat(10_000_000)]), 'larger than 4096 bytes'],
  ['a depth of 10,000', '['.repeat(10_000) + ']'.repeat(10_000), 'larger than 4096 bytes'],
  ['a depth of 2,000', '['.repeat(2_000) + ']'.repeat(2_000), 'no JSON object'],
  ['objects 600 deep', `${'{"a":'.repeat(600)}1${'}'.repeat(600)}`, 'its version is not 1'],
  [
    'a deep value',
    `{"v":1,"vars":[["tenant",${'['.repeat(1_500)}${']'.repeat(1_500)}]]}`,
    'not pairs of strings',
  ],
  // __proto__
  ['an own __proto__', '{"v":1,"vars":[],"__proto__":{"role":"admin"}}', 'not written as'],
  ['only that', '{"__proto__":{"v":1,"vars":[]}}', 'its version is not 1'],
  ['a constructor', '{"v":1,"vars":[],"constructor":{"prototype":{"role":"admin"}}}', 'not written as'],
  ['a variable called __proto__', textOf(['__proto__', 'x']), 'the name of a prototype'],
  ['variables in an object', '{"v":1,"vars":{"__proto__":"x"}}', 'no list of variables'],
  // duplicates
  ['a variable twice', textOf(['tenant', 'a'], ['tenant', 'b']), 'twice, or out of order'],
  ['the same twice', textOf(['tenant', 'a'], ['tenant', 'a']), 'twice, or out of order'],
  ['variables out of order', textOf(['tenant', 'a'], ['limit', '5']), 'twice, or out of order'],
  ['the variables twice', '{"v":1,"vars":[["tenant","a"]],"vars":[["tenant","b"]]}', 'not written as'],
  ['the version twice', '{"v":1,"v":1,"vars":[]}', 'not written as'],
  ['the version twice, first another', '{"v":2,"v":1,"vars":[]}', 'not written as'],
  // wrong shape
  ['a list', '[]', 'no JSON object'],
  ['null in JSON', 'null', 'no JSON object'],
  ['a text in JSON', '"text"', 'no JSON object'],
  ['no variables', '{"v":1}', 'no list of variables'],
  ['variables that are null', '{"v":1,"vars":null}', 'no list of variables'],
  ['names alone', '{"v":1,"vars":["tenant"]}', 'not pairs of strings'],
  ['an entry of one', '{"v":1,"vars":[["tenant"]]}', 'not pairs of strings'],
  ['an entry of three', '{"v":1,"vars":[["tenant","a","b"]]}', 'not pairs of strings'],
  ['a value that is a number', '{"v":1,"vars":[["limit",5]]}', 'not pairs of strings'],
  ['a value that is null', '{"v":1,"vars":[["tenant",null]]}', 'not pairs of strings'],
  ['a name that is a number', '{"v":1,"vars":[[1,"a"]]}', 'not pairs of strings'],
  ['no name', '{"v":1,"vars":[["","a"]]}', 'not pairs of strings'],
  [
    'an entry that is an object',
    '{"v":1,"vars":[{"0":"tenant","1":"a","length":2}]}',
    'not pairs of strings',
  ],
  // not as it is written
  ['a further key', '{"v":1,"vars":[],"x":1}', 'not written as'],
  ['keys in another order', '{"vars":[],"v":1}', 'not written as'],
  ['whitespace', '{"v":1, "vars":[]}', 'not written as'],
  ['whitespace around it', ` ${GOOD}`, 'not written as'],
  ['an escape that is not needed', '{"v":1,"vars":[["tenant","\\u0061"]]}', 'not written as'],
  ['an escape in capitals', '{"v":1,"vars":[["tenant","\\u00E4"]]}', 'not written as'],
  ['an escaped slash', '{"v":1,"vars":[["tenant","\\/"]]}', 'not written as'],
  // an unsigned one with parts of a signature
  ['an expiry without a signature', '{"v":1,"vars":[],"exp":1}', 'not written as'],
  ['a key id without a signature', '{"v":1,"vars":[],"kid":"a"}', 'not written as'],
  ['a signature alone', '{"v":1,"vars":[],"sig":"a"}', 'wrong shape'],
  ['an expiry that is no integer', '{"v":1,"vars":[],"exp":1.5,"kid":"a","sig":"b"}', 'wrong shape'],
  ['an expiry that is a text', '{"v":1,"vars":[],"exp":"1","kid":"a","sig":"b"}', 'wrong shape'],
  ['a key id that is a path', '{"v":1,"vars":[],"exp":1,"kid":"../../etc/passwd","sig":"b"}', 'wrong shape'],
  ['an audience that is a list', '{"v":1,"vars":[],"aud":["a"],"exp":1,"kid":"a","sig":"b"}', 'wrong shape'],
  // values that their codecs did not write
  ['no number', textOf(['limit', 'five']), "the codec of ContextVar 'limit'"],
  ['another text of a number', textOf(['limit', '5.0'], ['tenant', 'a']), "the codec of ContextVar 'limit'"],
  ['no JSON in a value', textOf(['user', '{id']), "the codec of ContextVar 'user'"],
  ['what a schema refuses', textOf(['user', '{"id":1}']), "the codec of ContextVar 'user'"],
  [
    'an own __proto__ in a value',
    textOf(['user', '{"id":"a","__proto__":{}}']),
    "the codec of ContextVar 'user'",
  ],
  ['what a codec throws about', textOf(['loud', 'x']), "the codec of ContextVar 'loud'"],
  ['a bad value after a good one', textOf(['limit', '5'], ['user', '1']), "the codec of ContextVar 'user'"],
];

test.each(bad)('%s', (_what, text, reason) => {
  const before = Reflect.ownKeys(Object.prototype);
  for (const [, start] of startingStates) {
    start(() => {
      const error = thrownBy(() => extractContext({ contextvars: text })) as ContextError;
      expect(error).toBeInstanceOf(ContextError);
      expect(error.code).toBe('ERR_INVALID_CARRIER');
      expect(error.message).toContain(reason);
      expect(error.message).toMatch(
        /^The carrier is refused: .*; refuse the message, or go on with an empty Context\.$/,
      );
      expect(tenant.get('unset')).toBe('unset');
      expect(limit.get('unset')).toBe('unset');
      expect(loud.get('unset')).toBe('unset');
    });
  }
  expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
  expect(({} as { role?: string }).role).toBeUndefined();
});

test.each([null, undefined, 1, 'text', true, Symbol('carrier'), () => {}])(
  'what is no object at all: %p',
  (carrier) => {
    const error = thrownBy(() => extractContext(carrier as never)) as ContextError;
    expect(error).toMatchObject({ name: 'ContextError', code: 'ERR_INVALID_CARRIER' });
  },
);

test.each([
  ['in no JSON', `{${CANARY}`],
  ['as a name', textOf([CANARY, 'x'], ['a', 'x'])],
  ['as a further key', `{"v":1,"vars":[],"${CANARY}":1}`],
  ['as a version', `{"v":"${CANARY}","vars":[]}`],
  ['as a key id', `{"v":1,"vars":[],"exp":1,"kid":"${CANARY}","sig":"b"}`],
  ['as a number', textOf(['limit', CANARY])],
  ['as JSON', textOf(['user', `{${CANARY}`])],
  ['as what a schema refuses', textOf(['user', `["${CANARY}"]`])],
  ['to a codec that prints it', textOf([loud.name, CANARY])],
])('the error says nothing of what stands there %s', (_where, text) => {
  const error = thrownBy(() => extractContext({ contextvars: text })) as Error;
  expect(error).toBeInstanceOf(ContextError);
  const texts = [
    error.message,
    error.stack,
    inspect(error, { depth: Infinity, showHidden: true }),
    JSON.stringify(error),
  ];
  for (const said of texts) expect(said).not.toContain('canary');
  expect(error.cause).toBeUndefined();
});

test('nothing is applied of one whose last value is bad', () => {
  const decoded: string[] = [];
  const watched = new ContextVar<string>('a watched one', {
    codec: {
      encode: String,
      decode(text) {
        decoded.push(text);
        return text;
      },
    },
  });
  new Context().run(() => {
    watched.set('before');
    const contextvars = textOf(['a watched one', 'after'], ['limit', 'bad']);
    expect(() => extractContext({ contextvars })).toThrow(ContextError);
    expect(decoded).toEqual(['after']);
    expect(watched.get()).toBe('before');
  });
});

test('a carrier that was changed anywhere is refused, or says what it says in the one way to say it', () => {
  const written = new Context().run(() => {
    tenant.set('ac"me é');
    limit.set(-1.5e-7);
    user.set({ id: 'u\\1' });
    return injectContext().contextvars as string;
  });
  const units = fc.constantFrom(...'{}[]",:\\0123456789.eE+- utfnrbvars/\u0000\u007fé\ufeff');
  fc.assert(
    fc.property(fc.nat(written.length - 1), fc.constantFrom(0, 1, 2), units, (at, what, unit) => {
      const [before, after] = [written.slice(0, at), written.slice(at)];
      const text = [before + after.slice(1), before + unit + after, before + unit + after.slice(1)][
        what
      ] as string;
      let context: Context;
      try {
        context = extractContext({ contextvars: text });
      } catch (error) {
        expect(error).toMatchObject({ name: 'ContextError', code: 'ERR_INVALID_CARRIER' });
        return;
      }
      // A name may have become one that is not known here.
      const again = injectContext({}, { context }).contextvars;
      const known = (JSON.parse(text) as { vars: [string, string][] }).vars.filter(([name]) =>
        ['limit', 'tenant', 'user'].includes(name),
      );
      expect(again ?? '{"v":1,"vars":[]}').toBe(
        known.length === 3 ? text : JSON.stringify({ v: 1, vars: known }).replaceAll('é', '\\u00e9'),
      );
    }),
    { numRuns: 2_000 },
  );
});
