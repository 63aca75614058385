// Whatever a value is and does: no exception, one line, within the limits.

import * as fc from 'fast-check';
import {
  bindLogContext,
  ContextVar,
  clearLogContext,
  getLogContext,
  logFields,
  registerLogFields,
  runUnitOfWork,
  withLogContext,
} from '../../src/core/index.js';
import { escapeLogText, stringifyLogRecord, toLogValue } from '../../src/core/internal.js';
import { addErrorReporter } from '../../src/core/report-error.js';

/** Ends a line, moves a cursor or turns the reading direction; half of a pair of surrogates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\p{Cs}/u;

const CONTROLS = [
  '\r',
  '\n',
  '\u001b[2J',
  '\u0000',
  '\u007f',
  '\u0085',
  '\u2028',
  '\u202e',
  '\ud800',
  '"',
  '\\',
];

/** Texts of every kind: control characters, halves of pairs, long ones. */
const text = fc.oneof(
  { arbitrary: fc.string({ unit: 'binary', maxLength: 30 }), weight: 4 },
  {
    arbitrary: fc
      .array(fc.oneof(fc.constantFrom(...CONTROLS), fc.string({ maxLength: 5 })))
      .map((parts) => parts.join('')),
    weight: 4,
  },
  // Code units, with no regard to pairs.
  { arbitrary: fc.uint16Array({ maxLength: 20 }).map((units) => String.fromCharCode(...units)), weight: 3 },
  {
    arbitrary: fc
      .tuple(
        fc.constantFrom('x', '\n', '\u0085', '€', '😀', '\ud800', '"'),
        fc.integer({ min: 300, max: 3000 }),
      )
      .map(([character, times]) => character.repeat(times)),
    weight: 2,
  },
);

const key = fc.oneof(
  text,
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toJSON', 'then', 'length', ''),
);

const primitive = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom(undefined, null, Symbol('s'), Symbol.iterator, () => {}, class Named {}),
);

const fail = (): never => {
  throw new Error('not\nallowed');
};

const failures: fc.Arbitrary<() => never> = fc
  .oneof(
    primitive,
    fc.constant(new Error('x'.repeat(5000))),
    fc.constant({
      get message() {
        return fail();
      },
    }),
    fc.constant(new Proxy({}, { get: fail })),
  )
  .map((thrown) => (): never => {
    throw thrown;
  });

/** Objects that do not want to be looked at. */
const hostile = failures.chain((fails) =>
  fc.constantFrom<Make>(
    () => ({
      get bad() {
        return fails();
      },
      good: 1,
    }),
    () => ({ toJSON: fails }),
    () => ({ toString: fails, valueOf: fails, [Symbol.toPrimitive]: fails }),
    () => new Proxy({}, { get: fails }),
    () => new Proxy({}, { ownKeys: fails as never }),
    () => new Proxy({}, { getPrototypeOf: fails as never }),
    () => new Proxy({}, { getOwnPropertyDescriptor: fails as never }),
    () => new Proxy(() => {}, { get: fails, apply: fails }),
    () => new Proxy([], { get: (array, name) => (name === 'length' ? 1e300 : Reflect.get(array, name)) }),
    () => new Proxy([], { get: (_, name) => (name === 'length' ? { valueOf: fails } : 'x') }),
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
    () => {
      const { proxy, revoke } = Proxy.revocable([], {});
      revoke();
      return proxy;
    },
    () => Object.defineProperty(new Error('m'), 'stack', { get: fails }),
    () => Object.defineProperty(new Error('m'), 'message', { get: fails }),
    () => Object.assign(new Error('m'), { code: { toString: fails }, name: Symbol('name') }),
    () => Object.defineProperty(() => {}, 'name', { get: fails }),
    () => Object.defineProperty(new Map(), 'size', { get: fails }),
    () => Object.defineProperty(new Date(), 'toISOString', { value: fails }),
    () => Object.defineProperty(/x/, 'source', { get: fails }),
    () => Object.assign(Object(1n), { valueOf: fails }),
    () => ({ constructor: { name: 'x'.repeat(10_000) } }),
    () =>
      Object.create({
        constructor: {
          get name() {
            return fails();
          },
        },
      }),
  ),
);

type Make = () => unknown;

const constant = (made: unknown): Make => {
  return () => made;
};

/** Functions that make one, because fast-check looks at what it has made. */
const value: fc.Arbitrary<Make> = fc.letrec<{ value: Make }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, depthSize: 'small' },
    primitive.map(constant),
    hostile,
    fc.array(tie('value'), { maxLength: 8 }).map((items) => () => items.map((make) => make())),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 8 }).map((entries) => () => objectOf(entries)),
    fc.tuple(text, tie('value')).map(
      ([message, cause]) =>
        () =>
          Object.assign(new Error(message, { cause: cause() }), { code: message }),
    ),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => () => {
      const cyclic = objectOf(entries);
      cyclic.self = cyclic;
      return cyclic;
    }),
    fc
      .constantFrom(
        new Map([[1, 2]]),
        new Set(['x']),
        new Date(Number.NaN),
        Buffer.alloc(5),
        new Uint8Array(2),
      )
      .map(constant),
  ),
})).value;

function objectOf(entries: readonly (readonly [string, Make])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, make] of entries)
    Object.defineProperty(object, name, {
      value: make(),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return object;
}

const bytes = (json: unknown): number =>
  Buffer.byteLength(stringifyLogRecord(json as Record<string, unknown>));

/** What is in `safe` that a record must not have. */
function* wrongIn(safe: unknown, level = 0): Iterable<string> {
  if (safe === null || typeof safe === 'boolean' || Number.isFinite(safe)) return;
  if (typeof safe === 'string') {
    // A text by itself is counted as it is, one in an object as JSON.
    if (level === 0 && Buffer.byteLength(safe) > 1024) yield 'a text of more than 1 KiB';
    return;
  }
  if (typeof safe !== 'object') return yield typeof safe;
  if (!Object.isFrozen(safe)) yield 'something that can be changed';
  if (level > 3) yield 'more than four levels';
  if (level === 0 && bytes(safe) > 1024) yield 'more than 1 KiB in all';
  const prototype: unknown = Object.getPrototypeOf(safe);
  if (prototype !== (Array.isArray(safe) ? Array.prototype : Object.prototype)) yield 'another prototype';
  // One more for the mark of what is left out.
  if (Object.keys(safe).length > 65) yield 'more than 64 keys';
  yield* wrongInEntries(safe, level + 1);
}

function* wrongInEntries(safe: object, level = 0): Iterable<string> {
  for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(safe))) {
    if (name === '__proto__') yield name;
    if (name.length > 128 || CONTROL.test(name)) yield `the key ${JSON.stringify(name)}`;
    if (get !== undefined) yield 'a getter';
    yield* wrongIn(value, level);
  }
}

function checkLine(record: Readonly<Record<string, unknown>>): void {
  const line = stringifyLogRecord(record);
  expect(line).not.toMatch(CONTROL);
  expect(JSON.parse(line)).toEqual(record);
}

const runs = { numRuns: 200 };

test('toLogValue: no exception, a frozen copy within the limits, one line of JSON', () => {
  fc.assert(
    fc.property(value, (make) => {
      const safe = toLogValue(make());
      expect([...wrongIn(safe)]).toEqual([]);
      checkLine({ safe });
    }),
    runs,
  );
});

const any = new ContextVar<unknown>('any', { log: { key: 'any', format: (given) => given } });
const bare = new ContextVar<unknown>('bare', { log: 'bare' });

test('logFields, from all its origins: no exception, and what a record may have', () => {
  let given: unknown;
  const removals = [
    addErrorReporter(() => {}),
    registerLogFields({ name: 'hostile', fields: () => given as Record<string, unknown> }),
  ];
  try {
    fc.assert(
      fc.property(value, fc.array(fc.tuple(key, value), { maxLength: 8 }), (make, entries) => {
        runUnitOfWork({ kind: 'test' }, () => {
          const one = make();
          any.set(one);
          bare.set(one);
          given = one;
          bindLogContext(objectOf(entries));
          for (const record of [logFields(), getLogContext(), withLogContext(objectOf(entries), logFields)]) {
            expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
            expect([...wrongInEntries(record)]).toEqual([]);
            checkLine(record);
          }
          expect(logFields()).toEqual(logFields());
          clearLogContext();
          expect(getLogContext()).toEqual({});
        });
      }),
      runs,
    );
  } finally {
    for (const remove of removals) remove();
  }
});

test('stringifyLogRecord: no exception and one line, whatever the record is', () => {
  fc.assert(
    fc.property(value, (make) => {
      const line = stringifyLogRecord(make() as Record<string, unknown>);
      expect(line).not.toMatch(CONTROL);
      JSON.parse(line);
    }),
    runs,
  );
});

test('escapeLogText: one line, and what is no control character stays as it is', () => {
  fc.assert(
    fc.property(text, (any) => {
      const escaped = escapeLogText(any);
      expect(escaped).not.toMatch(CONTROL);
      expect(escapeLogText(escaped)).toBe(escaped);
      if (!CONTROL.test(any)) expect(escaped).toBe(any);
    }),
    runs,
  );
});
