// Codecs: what one writes is the only text that it reads, and reads back as the same value.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type } from 'arktype';
import fc from 'fast-check';
import * as v from 'valibot';
import { z } from 'zod';
import { type Codec, codecs, type StandardSchema } from '../../src/core/index.js';
import { thrownBy } from './support/outcome.js';

/** One edit of a text: a character taken away, put in or replaced. */
function edited(text: string, at: number, what: number, unit: string): string {
  const before = text.slice(0, at);
  const after = text.slice(at);
  return [before + after.slice(1), before + unit + after, before + unit + after.slice(1)][what] as string;
}

const anEdit = fc.tuple(
  fc.nat(),
  fc.constantFrom(0, 1, 2),
  fc.constantFrom(...'0123456789.eE+-" \t{}[],:\\uxtrfalsn\u0000é'),
);

/** A text next to one that was written is refused, unless it too is the text of a value. */
function expectNoOtherTexts<T>(codec: Codec<T>, values: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(values, anEdit, (value, [at, what, unit]) => {
      const text = edited(codec.encode(value), at % (codec.encode(value).length + 1), what, unit);
      let read: T;
      try {
        read = codec.decode(text);
      } catch {
        return;
      }
      expect(codec.encode(read)).toBe(text);
    }),
  );
}

describe('codecs.string', () => {
  test('gives back every string, lone surrogates too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(codecs.string.decode(codecs.string.encode(text))).toBe(text);
      }),
    );
    expect(codecs.string.decode(codecs.string.encode('\ud800'))).toBe('\ud800');
  });

  test.each([undefined, null, 1, {}, ['a'], new String('a')])('refuses %p', (value) => {
    expect(() => codecs.string.encode(value as never)).toThrow('codecs.string: the value is no string');
    expect(() => codecs.string.decode(value as never)).toThrow('codecs.string: the text is no string');
  });
});

describe('codecs.number', () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

  test('gives back every finite number, -0 too', () => {
    fc.assert(
      fc.property(finite, (value) => {
        expect(codecs.number.decode(codecs.number.encode(value))).toBe(value);
      }),
    );
    for (const value of [0, -0, 5e-324, Number.MAX_VALUE, -Number.MAX_SAFE_INTEGER, 1e21, 1e-7]) {
      expect(codecs.number.decode(codecs.number.encode(value))).toBe(value);
    }
  });

  test('a number has one text', () => expectNoOtherTexts(codecs.number, finite));

  test.each([Number.NaN, Infinity, -Infinity, '1', 1n, null, undefined, new Number(1)])(
    'does not write %p',
    (value) =>
      expect(() => codecs.number.encode(value as never)).toThrow(
        typeof value === 'number'
          ? 'codecs.number: NaN and infinities are not portable'
          : 'codecs.number: the value is no number',
      ),
  );

  const OTHERS = ['', ' ', ' 1', '1 ', '+1', '01', '1.0', '.5', '5.', '1e3', '1E21', '1e21', '0x10', '0b1'];
  const NO_NUMBERS = [
    'NaN',
    'Infinity',
    '-Infinity',
    '1e999',
    '1_000',
    '1,5',
    'one',
    '--1',
    '+0',
    '0.0',
    '١',
  ];
  test.each([...OTHERS, ...NO_NUMBERS])('does not read %j', (text) => {
    expect(() => codecs.number.decode(text)).toThrow('codecs.number: the text is no number that it wrote');
  });

  test.each([undefined, null, 1, true, [], ['1']])('does not read %p, which is no text', (text) => {
    expect(() => codecs.number.decode(text as never)).toThrow(
      'codecs.number: the text is no number that it wrote',
    );
  });
});

describe('codecs.boolean', () => {
  test.each([true, false])('gives back %p', (value) => {
    expect(codecs.boolean.decode(codecs.boolean.encode(value))).toBe(value);
  });

  test.each([1, 0, 'true', null, undefined])('does not write %p', (value) => {
    expect(() => codecs.boolean.encode(value as never)).toThrow('codecs.boolean: the value is no boolean');
  });

  test.each(['', 'TRUE', 'True', '1', '0', 'yes', ' true', 'true\n', 'null', true])(
    'does not read %j',
    (text) => {
      expect(() => codecs.boolean.decode(text as never)).toThrow(
        'codecs.boolean: the text is neither true nor false',
      );
    },
  );
});

interface User {
  id: string;
  roles: string[];
  age?: number | undefined;
}

const userSchemas: readonly (readonly [library: string, schema: StandardSchema<User>])[] = [
  ['zod', z.object({ id: z.string(), roles: z.array(z.string()), age: z.number().optional() })],
  ['valibot', v.object({ id: v.string(), roles: v.array(v.string()), age: v.optional(v.number()) })],
  ['arktype', type({ id: 'string', roles: 'string[]', 'age?': 'number | undefined' })],
];

const aUser: fc.Arbitrary<User> = fc.record(
  {
    id: fc.string({ maxLength: 20 }),
    roles: fc.array(fc.string({ maxLength: 10 }), { maxLength: 5 }),
    // JSON has no -0.
    age: fc.option(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((age) => age + 0),
      { nil: undefined },
    ),
  },
  { requiredKeys: ['id', 'roles'] },
);

describe.each(userSchemas)('codecs.json with a schema of %s', (_library, schema) => {
  const codec = codecs.json(schema);

  test('gives back what the schema takes', () => {
    fc.assert(
      fc.property(aUser, (user) => {
        // toEqual: a property that is undefined is left out.
        expect(codec.decode(codec.encode(user))).toEqual(user);
      }),
    );
  });

  test('a value has one text', () => expectNoOtherTexts(codec, aUser));

  test('does not write what the schema refuses', () => {
    expect(() => codec.encode({ id: 1, roles: [] } as never)).toThrow(
      'codecs.json: the schema refuses the value',
    );
    expect(() => codec.encode(undefined as never)).toThrow(
      'codecs.json: the value is none that JSON can hold',
    );
  });

  test.each([
    ['what the schema refuses', '{"id":1,"roles":[]}'],
    ['a key twice', '{"id":"a","id":"a","roles":[]}'],
    ['whitespace', '{"id": "a","roles":[]}'],
    ['another escape', '{"id":"\\u0061","roles":[]}'],
    ['another number', '{"id":"a","roles":[],"age":1.0}'],
    ['minus nought', '{"id":"a","roles":[],"age":-0}'],
    ['a number beyond all', '{"id":"a","roles":[],"age":1e999}'],
    ['a prototype', '{"id":"a","roles":[],"__proto__":{"role":"admin"}}'],
    ['a prototype further in', '{"id":"a","roles":[{"__proto__":{}}]}'],
    ['the prototype of a constructor', '{"id":"a","roles":[],"constructor":{"prototype":{"role":"admin"}}}'],
    ['an array', '[]'],
    ['null', 'null'],
    ['no JSON', '{id:"a"}'],
    ['half a text', '{"id":"a","ro'],
    ['two texts', '{"id":"a","roles":[]}{"id":"a","roles":[]}'],
    ['nothing', ''],
    ['a depth of 1,000', '['.repeat(1_000) + ']'.repeat(1_000)],
    ['a depth of 10,000', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['10 MB', `{"id":"${'a'.repeat(10_000_000)}","roles":[]}`],
  ])('does not read %s', (_what, text) => {
    const error = thrownBy(() => codec.decode(text)) as Error;
    expect(error).toBeInstanceOf(TypeError);
    // Nothing of the text, which is anyone's.
    expect(error.message).toMatch(/^codecs\.json: [a-zA-Z0-9 ,]+$/);
    expect(error.cause).toBeUndefined();
    expect(({} as { role?: string }).role).toBeUndefined();
  });
});

describe('codecs.json refuses to write what would not come back', () => {
  class Account {
    constructor(readonly id: string) {}
  }
  class Money {
    readonly #cents: number;
    constructor(cents: number) {
      this.#cents = cents;
    }
    toJSON(): number {
      return this.#cents;
    }
  }
  let deep: unknown = 1;
  for (let i = 0; i < 20; i++) deep = [deep];
  let deepest: unknown = 1;
  for (let i = 0; i < 100_000; i++) deepest = [deepest];
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const sparse: number[] = [];
  sparse[1] = 1;

  test.each<[what: string, value: unknown]>([
    ['an instance of a class', new Account('a')],
    ['one further in', { account: new Account('a') }],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['a Date', new Date(0)],
    ['a Buffer', Buffer.from('a')],
    ['an Error', new Error('a')],
    ['a function', () => 1],
    ['a method', { run: () => 1 }],
    ['a symbol', Symbol('a')],
    ['a symbol as key', { [Symbol('a')]: 1 }],
    ['a bigint', 1n],
    ['NaN', Number.NaN],
    ['NaN further in', { limit: Number.NaN }],
    ['an infinity', [Infinity]],
    ['minus nought', { limit: -0 }],
    ['undefined', undefined],
    ['undefined in an array', [undefined]],
    ['a hole in an array', sparse],
    [
      'a getter that gives another value each time',
      {
        get now() {
          return Math.random();
        },
      },
    ],
    ['a cycle', cycle],
    ['20 levels', deep],
    ['100,000 levels', deepest],
    ['more than a carrier holds', 'a'.repeat(5_000)],
    ['an own __proto__', JSON.parse('{"__proto__":{"role":"admin"}}')],
    ['a prototype of a constructor', { constructor: { prototype: 1 } }],
  ])('%s', (_what, value) => {
    expect(() => codecs.json(z.any()).encode(value)).toThrow();
  });

  test.each<[what: string, schema: StandardSchema<any>, value: unknown]>([
    ['a key that the schema strips', z.object({ id: z.string() }), { id: 'a', password: 'b' }],
    ['a default that it fills in', z.object({ id: z.string().default('a') }), {}],
    ['what it changes each time', z.string().transform((text) => `${text}!`), 'a'],
    ['what it makes another of', z.any().transform(() => new Money(0)), new Money(5)],
    ['what it coerces', z.object({ id: z.coerce.string() }), { id: 1 }],
  ])('%s', (_what, schema, value) => {
    expect(() => codecs.json(schema).encode(value)).toThrow(
      'codecs.json: the value would come back as another one',
    );
  });

  test('but a property that is undefined is left out', () => {
    const codec = codecs.json(z.object({ a: z.object({ b: z.string().optional(), c: z.number() }) }));
    expect(codec.encode({ a: { b: undefined, c: 1 } })).toBe('{"a":{"c":1}}');
  });

  test('nor does one further in disturb, or one in an array, or a null beside it', () => {
    const codec = codecs.json(z.any());
    expect(codec.encode([{ a: undefined, b: null, c: ['d', { e: undefined }] }])).toBe(
      '[{"b":null,"c":["d",{}]}]',
    );
  });

  test('what has a text of its own and holds itself', () => {
    const cycles: object = { toJSON: () => ({}) };
    Object.assign(cycles, { object: cycles, array: [cycles] });
    expect(() => codecs.json(z.any()).encode(cycles)).toThrow(
      'codecs.json: the value would come back as another one',
    );
  });

  test.each<object>([
    { constructor: 'Ford' },
    { constructor: null },
    { constructor: { name: 'Ford' } },
    { prototype: {} },
  ])('but not %j, which changes no prototype', (value) => {
    const codec = codecs.json(z.any());
    expect(codec.decode(codec.encode(value))).toEqual(value);
  });

  test('4096 characters are written and read', () => {
    const codec = codecs.json(z.string());
    const text = 'a'.repeat(4094);
    expect(codec.decode(codec.encode(text))).toBe(text);
    const message = 'codecs.json: no text of at most 4096 characters';
    expect(() => codec.encode(`${text}a`)).toThrow(message);
    expect(() => codec.decode(`"${text}a"`)).toThrow(message);
    expect(() => codec.decode(1 as never)).toThrow(message);
    expect(() => codec.decode('"')).toThrow('codecs.json: the text is not JSON');
  });

  test('16 levels are written and read', () => {
    let value: unknown = 1;
    for (let i = 0; i < 16; i++) value = { a: value };
    const codec = codecs.json(z.any());
    expect(codec.decode(codec.encode(value))).toEqual(value);
    expect(() => codec.encode({ a: value })).toThrow('codecs.json: more than 16 levels deep');
    expect(() => codec.decode(JSON.stringify({ a: value }))).toThrow('codecs.json: more than 16 levels deep');
  });
});

test('codecs.json writes the keys in the order of the schema, so that equal values have one text', () => {
  const codec = codecs.json(z.object({ a: z.number(), b: z.number() }));
  expect(codec.encode({ b: 2, a: 1 })).toBe('{"a":1,"b":2}');
  expect(() => codec.decode('{"b":2,"a":1}')).toThrow(TypeError);
});

test('codecs.json takes a schema that makes a Date of its text', () => {
  const codec = codecs.json(z.object({ since: z.string().transform((text) => new Date(text)) }));
  const value = { since: new Date(1_700_000_000_000) };
  expect(codec.encode(value)).toBe('{"since":"2023-11-14T22:13:20.000Z"}');
  expect(codec.decode(codec.encode(value))).toEqual(value);
  expect(() => codec.decode('{"since":"2023-11-14"}')).toThrow(TypeError);
});

test.each<[library: string, schema: StandardSchema<string>]>([
  ['zod', z.string().refine(async () => true)],
  [
    'valibot',
    v.pipeAsync(
      v.string(),
      v.checkAsync(async () => true),
    ),
  ],
  ['none', { '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: '' }) } }],
  [
    'none, and rejects',
    { '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('no')) } },
  ],
])('codecs.json refuses an asynchronous schema of %s in both directions', async (_library, schema) => {
  const codec = codecs.json(schema);
  const message = 'codecs.json: the schema is asynchronous; a variable needs a synchronous one';
  expect(() => codec.encode('a')).toThrow(message);
  expect(() => codec.decode('"a"')).toThrow(message);
});

test.each([
  undefined,
  null,
  1,
  'string',
  {},
  () => {},
  { parse: () => {} },
  { '~standard': null },
  { '~standard': { version: 2, vendor: 'test', validate: () => ({ value: 1 }) } },
  { '~standard': { version: 1, vendor: 'test' } },
])('codecs.json refuses %p as schema', (schema) => {
  expect(() => codecs.json(schema as never)).toThrow(
    /^codecs\.json: expected a Standard Schema v1 validator, got /,
  );
});

test('codecs.json has the type of what the schema gives', () => {
  const ofZod: Codec<{ id: string; at: Date }> = codecs.json(
    z.object({ id: z.string(), at: z.string().transform((text) => new Date(text)) }),
  );
  const ofValibot: Codec<{ id: string }> = codecs.json(v.object({ id: v.string() }));
  const ofArktype: Codec<{ id: string }> = codecs.json(type({ id: 'string' }));
  // @ts-expect-error the id is a string
  const wrong: Codec<{ id: number }> = codecs.json(z.object({ id: z.string() }));
  const ofTheSpecification = (schema: StandardSchemaV1<string>): Codec<string> => codecs.json(schema);
  const made = [ofZod, ofValibot, ofArktype, wrong, ofTheSpecification(z.string())];
  expect(made.map(({ encode }) => typeof encode)).toEqual(made.map(() => 'function'));
});

test('a codec works without the object that it stands on', () => {
  const { encode, decode } = codecs.json(z.string());
  expect(decode(encode('a'))).toBe('a');
  expect(
    [codecs.string, codecs.number, codecs.boolean].every(({ encode }) => typeof encode === 'function'),
  ).toBe(true);
});
