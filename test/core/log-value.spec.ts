// What stands in a log record for a value.

import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { Context, ContextVar, currentUnit, runUnitOfWork, ScopedValue } from '../../src/core/index.js';
import { cutLogText, escapeLogText, stringifyLogRecord, toLogValue } from '../../src/core/internal.js';
import { opaque } from '../../src/core/opaque.js';

class Money {
  readonly #cents = 1;
  readonly currency = 'EUR';
  get cents(): number {
    return this.#cents;
  }
}

const cyclic: Record<string, unknown> = { name: 'cyclic' };
cyclic.self = cyclic;
cyclic.list = [cyclic];

const shared = { shared: true };
const error = Object.assign(new RangeError('out of range'), { code: 'E_RANGE', response: { token: 'x' } });
error.stack = 'RangeError: out of range\n    at somewhere';
const thrower = {
  fine: 1,
  get bad(): never {
    throw new Error('no\nway');
  },
};

const Named = Object.defineProperty(class extends Uint8Array {}, 'name', { value: 1 });
class Hidden extends Uint8Array {}
Object.defineProperty(Hidden.prototype, 'constructor', { value: undefined });
const throwing = (thrown: unknown): object => ({
  toJSON() {
    throw thrown;
  },
});

const VALUES: readonly (readonly [what: string, value: unknown, safe: unknown])[] = [
  ['a text', 'text', 'text'],
  ['a text with control characters', 'a\r\nb\u001b[31m\u0085', 'a\r\nb\u001b[31m\u0085'],
  ['a number', 1.5, 1.5],
  ['minus zero', -0, 0],
  ['NaN', Number.NaN, 'NaN'],
  ['infinity', -Infinity, '-Infinity'],
  ['a boolean', false, false],
  ['null', null, null],
  ['undefined', undefined, null],
  ['a BigInt', 12345678901234567890n, '12345678901234567890'],
  ['a BigInt with too many digits', 10n ** 100_000n, '[BigInt]'],
  ['a BigInt of 4096 bits', 2n ** 4096n, '[BigInt]'],
  ['a negative BigInt of 4096 bits', -(2n ** 4096n), '[BigInt]'],
  ['a negative BigInt', -12345678901234567890n, '-12345678901234567890'],
  ['a symbol', Symbol('x'), 'Symbol(x)'],
  ['a function', function named() {}, '[Function named]'],
  ['a function without a name', (() => () => {})(), '[Function]'],
  ['a function whose name is no text', Object.defineProperty(() => {}, 'name', { value: 1 }), '[Function]'],
  ['a class', Money, '[Function Money]'],
  ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['an invalid Date', new Date('x'), 'Invalid Date'],
  ['a RegExp', /a+/gi, '/a+/gi'],
  ['a URL', new URL('https://example.org/a'), 'https://example.org/a'],
  ['a boxed text', new String('x'), 'x'],
  ['a boxed number', Object(1), 1],
  ['a boxed boolean', Object(true), true],
  ['a boxed BigInt', Object(2n), '2'],
  ['a boxed symbol', Object(Symbol('y')), 'Symbol(y)'],
  ['a Map', new Map([['password', 1]]), '[Map(1)]'],
  ['a Set', new Set([1, 2]), '[Set(2)]'],
  ['a Buffer', Buffer.from('secret'), '[Buffer(6 bytes)]'],
  ['a typed array', new Uint16Array(3), '[Uint16Array(6 bytes)]'],
  ['a typed array of a class that is hidden', new Hidden(2), '[Object(2 bytes)]'],
  ['one of a class without a name', new (class extends Uint8Array {})(2), '[Object(2 bytes)]'],
  ['one of a class whose name is no text', new Named(2), '[Object(2 bytes)]'],
  ['an ArrayBuffer', new ArrayBuffer(8), '[ArrayBuffer(8 bytes)]'],
  ['a promise', Promise.resolve('secret'), '[Promise]'],
  ['a WeakMap', new WeakMap(), '[WeakMap]'],
  ['a WeakSet', new WeakSet(), '[WeakSet]'],
  ['an emitter', new EventEmitter(), '[EventEmitter]'],
  ['a stream', Readable.from(['a']), '[Readable]'],
  ['an instance', new Money(), { currency: 'EUR' }],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  [
    'an object of another realm',
    runInNewContext('({ a: [1, new Date(0)] })'),
    { a: [1, '1970-01-01T00:00:00.000Z'] },
  ],
  ['an array', [1, 'a', undefined, [2n]], [1, 'a', null, ['2']]],
  ['holes', new Array(2), [null, null]],
  ['nothing in it', [{}, []], [{}, []]],
  ['symbols as keys', { a: 1, [Symbol('b')]: 2 }, { a: 1 }],
  ['an error', error, { name: 'RangeError', message: 'out of range', code: 'E_RANGE', stack: error.stack }],
  [
    'an error of another realm',
    Object.assign(runInNewContext('new RangeError("far")'), { stack: undefined }),
    { name: 'RangeError', message: 'far' },
  ],
  [
    'what is made like an error',
    Object.assign(Object.create(Error.prototype), { message: 'made', response: { token: 'x' } }),
    { name: 'Error', message: 'made' },
  ],
  [
    'toJSON that is told a key, as JSON.stringify tells it',
    { toJSON: (key: string) => ({ key }) },
    { key: '' },
  ],
  ['a cyclic object', cyclic, { name: 'cyclic', self: '[Circular]', list: ['[Circular]'] }],
  ['one object twice', [shared, shared], [shared, shared]],
  ['a getter that throws', thrower, { fine: 1, bad: '[Throws: no\nway]' }],
  ['toJSON', { toJSON: () => ({ id: 7 }), password: 'x' }, { id: 7 }],
  ['toJSON of toJSON', { toJSON: () => ({ toJSON: () => 'not asked' }) }, { toJSON: '[Function toJSON]' }],
  [
    'toJSON that gives itself',
    {
      a: 1,
      toJSON() {
        return this;
      },
    },
    { a: 1, toJSON: '[Function toJSON]' },
  ],
  [
    'toJSON that throws',
    {
      secret: 1,
      toJSON() {
        throw new Error('refused');
      },
    },
    '[Throws: refused]',
  ],
  [
    'toJSON that throws nothing',
    {
      toJSON() {
        throw undefined;
      },
    },
    '[Throws: undefined]',
  ],
  ['toJSON that throws what is no error', throwing({ message: 1 }), '[Throws]'],
  ['toJSON that throws null', throwing(null), '[Throws: null]'],
  ['toJSON that throws a text', throwing('refused'), '[Throws: refused]'],
  [
    'toJSON that throws what throws',
    throwing({
      get message() {
        throw new Error('no');
      },
    }),
    '[Throws]',
  ],
  ['a ContextVar', new ContextVar('token', { secret: true, default: 'canary' }), { name: 'token' }],
  ['a ScopedValue', new ScopedValue('role', { secret: true }), { name: 'role' }],
  ['a Context', new Context(), {}],
  ['__proto__ as a key', JSON.parse('{ "__proto__": { "polluted": 1 } }'), { _proto_: { polluted: 1 } }],
  ['control characters in a key', { 'a\nb': 1 }, { 'a\\nb': 1 }],
];

test.each(VALUES)('%s', (_, value, safe) => {
  expect(toLogValue(value)).toEqual(safe);
  expect(toLogValue({ in: value })).toEqual({ in: safe });
});

test('toJSON of an error is not asked: those of HTTP clients give the whole request', () => {
  const failed = Object.assign(new Error('failed'), { toJSON: () => ({ authorization: 'canary' }) });
  expect(toLogValue(failed)).toMatchObject({ name: 'Error', message: 'failed' });
  expect(JSON.stringify(toLogValue([failed]))).not.toContain('canary');
});

test('what comes after a value that throws is whole', () => {
  const bad = (): object =>
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
  expect(toLogValue([bad(), bad(), bad(), bad(), bad(), { a: { b: { c: 1 } } }])).toEqual([
    ...Array(5).fill('[Throws: no]'),
    { a: { b: { c: 1 } } },
  ]);
});

test('a prototype is never reached', () => {
  const safe = toLogValue(JSON.parse('{ "__proto__": { "polluted": 1 }, "constructor": 1, "toString": 2 }'));
  expect(Object.getPrototypeOf(safe)).toBe(Object.prototype);
  expect(Object.entries(safe as object)).toEqual([
    ['_proto_', { polluted: 1 }],
    ['constructor', 1],
    ['toString', 2],
  ]);
});

test('a unit of work is its JSON', () => {
  runUnitOfWork({ kind: 'test', id: 'u' }, () => {
    expect(toLogValue(currentUnit())).toMatchObject({ id: 'u', kind: 'test', ended: false });
  });
});

test('a stand-in of the container is not looked at', () => {
  const touched = jest.fn();
  const handler = { get: touched, getPrototypeOf: touched, ownKeys: touched, has: touched };
  for (const target of [{}, () => {}]) {
    const standIn = new Proxy(target, handler);
    opaque.add(standIn);
    expect(toLogValue([standIn])).toEqual(['[Context-scoped instance]']);
    expect(toLogValue(standIn)).toBe('[Context-scoped instance]');
  }
  expect(touched).not.toHaveBeenCalled();
});

describe('limits', () => {
  test.each([
    ['objects', { a: { b: { c: { d: { e: 1 } } } } }, { a: { b: { c: { d: '[Object]' } } } }],
    ['arrays and instances', [[[[[1], new Money()]]]], [[[['[Array(1)]', '[Money]']]]]],
    ['errors', [[[[new TypeError('x')]]]], [[[['[TypeError]']]]]],
  ])('four levels: %s', (_, value, safe) => {
    expect(toLogValue(value)).toEqual(safe);
  });

  test.each([
    ['1 KiB is whole', 'x'.repeat(1024), 'x'.repeat(1024)],
    ['one byte more is cut', 'x'.repeat(1025), `${'x'.repeat(1009)}…[1025 bytes]`],
    ['1 MB is cut', 'x'.repeat(1_000_000), `${'x'.repeat(1006)}…[1000000 bytes]`],
    ['never in a character', '€'.repeat(1000), `${'€'.repeat(336)}…[3000 bytes]`],
    ['never in a pair', '😀'.repeat(1000), `${'😀'.repeat(252)}…[4000 bytes]`],
  ])('of a text %s', (_, text, cut) => {
    const safe = toLogValue(text);
    expect(safe).toBe(cut);
    expect(Buffer.byteLength(safe as string)).toBeLessThanOrEqual(1024);
  });

  test('of keys of one level', () => {
    const safe = toLogValue(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i])));
    expect(Object.keys(safe as object)).toHaveLength(65);
    expect(safe).toMatchObject({ k0: 0, k63: 63, '…': '36 more' });
  });

  test('of items of one level', () => {
    const safe = toLogValue(Array.from({ length: 1_000_000 }, (_, i) => i)) as unknown[];
    expect(safe).toHaveLength(65);
    expect(safe.slice(-2)).toEqual([63, '…[999936 more]']);
  });

  test('of all in it: a long text leaves room for what comes after it', () => {
    const safe = toLogValue({ body: 'x'.repeat(1_000_000), id: 7 });
    expect(safe).toEqual({ body: expect.stringMatching(/^x{600,}…\[1000000 bytes\]$/), id: 7 });
  });

  test('of all in it: what has no room is counted', () => {
    const safe = toLogValue(Array.from({ length: 10 }, () => 'x'.repeat(300))) as string[];
    expect(safe.at(-1)).toMatch(/^…\[\d more\]$/);
    expect(Buffer.byteLength(JSON.stringify(safe))).toBeLessThanOrEqual(1024);
    const fields = toLogValue(Object.fromEntries(safe.map((_, i) => [`k${i}`, 'x'.repeat(300)])));
    expect(fields).toMatchObject({ '…': expect.stringMatching(/^\d more$/) });
  });

  test('of an error: the stack gets what is left', () => {
    const long = new Error('m'.repeat(5000));
    const safe = toLogValue(long) as Record<string, string>;
    expect(safe.message).toMatch(/^m+…\[5000 bytes\]$/);
    expect(safe.stack?.length).toBeGreaterThan(300);
    expect(Buffer.byteLength(JSON.stringify(safe))).toBeLessThanOrEqual(1024);
  });

  test('of a key are 128 characters', () => {
    const [key] = Object.keys(toLogValue({ ['😀'.repeat(100)]: 1 }) as object);
    expect(key).toBe(`${'😀'.repeat(63)}…`);
  });

  test('cutLogText takes another limit', () => {
    expect(cutLogText('x'.repeat(100), 50)).toBe(`${'x'.repeat(36)}…[100 bytes]`);
    expect(cutLogText('x'.repeat(50), 50)).toBe('x'.repeat(50));
  });
});

describe('escapeLogText', () => {
  test.each([
    ['plain text', 'plain text'],
    ['Grüße, 世界 😀', 'Grüße, 世界 😀'],
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['\u0000\u0007\u001b[31m', '\\x00\\x07\\x1b[31m'],
    ['\u007f\u0085\u009b', '\\x7f\\x85\\x9b'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\u202a\u202e\u2066\u2069', '\\u202a\\u202e\\u2066\\u2069'],
    ['\ud83d 😀 \ude00', '\\ud83d 😀 \\ude00'],
    ['C:\\new', 'C:\\new'],
  ])('%j', (text, escaped) => {
    expect(escapeLogText(text)).toBe(escaped);
  });
});

describe('stringifyLogRecord', () => {
  test('escapes what JSON leaves raw, and means the same', () => {
    const record = { message: 'a\n\u007f\u0085\u2028\u202e\ud800', 'k\u0085': [1] };
    const line = stringifyLogRecord(record);
    expect(line).toBe('{"message":"a\\n\\u007f\\u0085\\u2028\\u202e\\ud800","k\\u0085":[1]}');
    expect(JSON.parse(line)).toEqual(record);
  });

  test.each([
    ['a BigInt', { a: 1n, b: 'x' }, '{"a":"1","b":"x"}'],
    ['a cyclic object', { cyclic }, '{"cyclic":{"name":"cyclic","self":"[Circular]","list":["[Circular]"]}}'],
    ['a getter that throws', thrower, '{"fine":1,"bad":"[Throws: no\\nway]"}'],
    [
      'a toJSON that throws',
      {
        a: {
          toJSON() {
            throw new Error('x');
          },
        },
        b: 1,
      },
      '{"a":"[Throws: x]","b":1}',
    ],
    ['a toJSON that gives nothing', { toJSON: () => undefined }, '{"toJSON":"[Function toJSON]"}'],
    ['a text', 'text', '"text"'],
    ['undefined', undefined, 'null'],
  ])('never throws: %s', (_, record, line) => {
    expect(stringifyLogRecord(record as never)).toBe(line);
  });
});
