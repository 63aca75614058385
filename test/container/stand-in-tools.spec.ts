// How stand-ins look to util.inspect, console.log, assert and jest, and what no proxy can do.

import assert from 'node:assert/strict';
import { formatWithOptions, type InspectOptions, inspect, isDeepStrictEqual, types } from 'node:util';
import { serialize } from 'node:v8';
import { Context } from '../../src/core/index.js';
import { type Anything } from './stand-in-comparison.js';
import { standInOf, standInOfClass } from './stand-in-subject.js';

class Address {
  street = 'High Street';
}

class Caller {
  #secret = 7;
  name = 'ann';
  roles = ['clerk'];
  address = new Address();
  get secret(): number {
    return this.#secret;
  }
  greet(): string {
    return this.name;
  }
}

describe('util.inspect', () => {
  const held = standInOfClass(Address);
  class Linked {
    itself: unknown;
    held = held.standIn;
  }
  class Custom {
    [inspect.custom](depth: number): string {
      return `custom at ${depth}`;
    }
  }

  const shown: readonly (readonly [what: string, make: () => object, options?: InspectOptions])[] = [
    ['an instance', () => new Caller()],
    ['an instance without depth', () => new Caller(), { depth: 0 }],
    ['an instance with its hidden properties', () => new Caller(), { showHidden: true, compact: false }],
    ['an instance that says it itself', () => new Custom()],
    ['an array', () => [1, { a: 1 }]],
    ['a Map', () => new Map([['a', new Caller()]])],
    ['a Date', () => new Date(0)],
    ['a function', () => Object.assign(() => {}, { a: 1 })],
  ];

  test.each(shown.map(([what, make, options = {}]) => [what, make, options] as const))(
    'shows %s as it is, at the top and inside',
    (_what, make, options) => {
      const { standIn } = standInOf<Anything>(make, { callable: typeof make() === 'function' });
      new Context().run(() => {
        Reflect.ownKeys(standIn);
        const same = make();
        expect(inspect(standIn, options)).toBe(inspect(same, options));
        expect(inspect({ deep: [standIn] }, options)).toBe(inspect({ deep: [same] }, options));
        expect(formatWithOptions(options, '%O %j', standIn, 1, standIn)).toBe(
          formatWithOptions(options, '%O %j', same, 1, same),
        );
      });
    },
  );

  test('shows a stand-in in a field, and one that holds itself', () => {
    const { standIn } = standInOfClass(Linked);
    new Context().run(() => {
      standIn.itself = standIn;
      expect(inspect(standIn)).toMatch(
        /^<ref \*1> Linked \{\n {2}itself: \[Circular \*1\],\n {2}held: \[context-scoped Address: no instance here\]\n\}$/,
      );
      expect(inspect(held.standIn.street)).toBe("'High Street'");
      expect(inspect(standIn)).toContain("held: Address { street: 'High Street' }");
    });
  });

  test('with showProxy shows that it is one, and makes nothing', () => {
    const { standIn, made } = standInOfClass(Caller);
    new Context().run(() => expect(inspect(standIn, { showProxy: true })).toMatch(/^Proxy/));
    expect(inspect(standIn, { showProxy: 1 } as object)).toMatch(/^Proxy/);
    expect(made).toEqual([]);
  });

  test('does not show the instance outside its unit of work', () => {
    const { standIn } = standInOfClass(Caller);
    new Context().run(() => standIn.greet());
    expect(inspect(standIn)).toBe('[context-scoped Caller: no instance here]');
  });
});

test.each<readonly [string, (it: Caller, plain: Caller) => void]>([
  ['toEqual', (it, plain) => expect(it).toEqual(plain)],
  ['toEqual the other way round', (it, plain) => expect(plain).toEqual(it)],
  ['toStrictEqual', (it, plain) => expect(it).toStrictEqual(plain)],
  ['not.toEqual', (it, plain) => expect(it).not.toEqual({ ...plain, name: 'eve' })],
  ['toEqual inside', (it, plain) => expect({ list: [it] }).toEqual({ list: [plain] })],
  ['toMatchObject', (it) => expect(it).toMatchObject({ name: 'ann', address: { street: 'High Street' } })],
  ['toHaveProperty', (it) => expect(it).toHaveProperty('address.street', 'High Street')],
  ['toBeInstanceOf', (it) => expect(it).toBeInstanceOf(Caller)],
  ['expect.any', (it) => expect({ it }).toEqual({ it: expect.any(Caller) })],
  ['expect.objectContaining', (it) => expect(it).toEqual(expect.objectContaining({ name: 'ann' }))],
  [
    'toHaveBeenCalledWith',
    (it, plain) => {
      const fn = jest.fn();
      fn(it);
      expect(fn).toHaveBeenCalledWith(plain);
      expect(fn).toHaveBeenCalledWith(it);
    },
  ],
  ['toThrow with what differs', (it) => expect(() => expect(it).toEqual({ name: 'eve' })).toThrow(/"ann"/)],
  [
    'toMatchInlineSnapshot',
    (it) =>
      expect({ name: it.name }).toMatchInlineSnapshot(
        { name: 'ann' },
        `
{
  "name": "ann",
}
`,
      ),
  ],
  ['assert.deepEqual', (it, plain) => assert.deepEqual({ ...it }, { ...plain })],
  ['isDeepStrictEqual', (it, plain) => expect(isDeepStrictEqual({ ...it }, { ...plain })).toBe(true)],
])('inside a unit of work %s takes a stand-in for the instance', (_title, check) => {
  for (const used of [true, false]) {
    const { standIn } = standInOfClass(Caller);
    new Context().run(() => {
      if (used) standIn.greet();
      check(standIn, new Caller());
    });
  }
});

test('a failed expectation prints the instance', () => {
  const { standIn } = standInOfClass(Caller);
  new Context().run(() => {
    expect(() => expect(standIn).toBeNull()).toThrow(/Received:.*"name": "ann"/s);
  });
});

describe('what no proxy can do', () => {
  const inUnit = (make: () => object, check: (standIn: Anything) => void) => {
    const { standIn } = standInOf<Anything>(make);
    new Context().run(() => check(standIn));
  };

  test('structuredClone and v8.serialize refuse it', () =>
    inUnit(
      () => ({ a: 1 }),
      (standIn) => {
        expect(() => structuredClone(standIn)).toThrow(/could not be cloned/);
        expect(() => serialize(standIn)).toThrow(/could not be cloned/);
        expect(structuredClone({ ...standIn })).toEqual({ a: 1 });
      },
    ));

  test('Object.isFrozen, isSealed and isExtensible do not see that the instance is frozen', () =>
    inUnit(
      () => Object.freeze({ a: 1 }),
      (standIn) => {
        expect([Object.isFrozen(standIn), Object.isSealed(standIn)]).toEqual([false, false]);
        expect(Object.isExtensible(standIn)).toBe(true);
        expect(() => Object.assign(standIn, { a: 2 })).toThrow(TypeError);
      },
    ));

  test('Array.isArray says no, so an array is written as an object and not flattened', () =>
    inUnit(
      () => [1, 2],
      (standIn) => {
        expect(Array.isArray(standIn)).toBe(false);
        expect(Object.prototype.toString.call(standIn)).toBe('[object Object]');
        expect(JSON.stringify(standIn)).toBe('{"0":1,"1":2}');
        expect([0].concat(standIn)).toHaveLength(2);
        expect([0, [standIn]].flat(2)).toHaveLength(2);
        expect(standIn).not.toEqual([1, 2]);
        expect([...standIn]).toEqual([1, 2]);
      },
    ));

  test('what looks into an object without asking it sees a proxy: types, assert, native functions', () =>
    inUnit(
      () => new Map(),
      (standIn) => {
        expect(types.isProxy(standIn)).toBe(true);
        expect(types.isMap(standIn)).toBe(false);
        expect(() => Map.prototype.has.call(standIn, 1)).toThrow(TypeError);
        expect(standIn.has(1)).toBe(false);
      },
    ));

  test('a #private field is reached by methods and accessors of the class, not by its static ones', () => {
    class Branded {
      #brand = 1;
      static isOne(it: Branded): boolean {
        return #brand in it;
      }
      brand(): number {
        return this.#brand;
      }
    }
    const { standIn } = standInOfClass(Branded);
    new Context().run(() => {
      expect(standIn.brand()).toBe(1);
      expect(Branded.isOne(standIn)).toBe(false);
    });
  });

  test.each<readonly [string, (it: Anything) => unknown]>([
    ['Object.freeze', (it) => Object.freeze(it)],
    ['Object.seal', (it) => Object.seal(it)],
    ['Object.preventExtensions', (it) => Object.preventExtensions(it)],
    [
      'a non-configurable property',
      (it) => Object.defineProperty(it, 'a', { value: 2, configurable: false }),
    ],
    [
      'a non-configurable new property',
      (it) => Object.defineProperty(it, 'b', { value: 2, configurable: false }),
    ],
    ['several properties', (it) => Object.defineProperties(it, { b: { value: 2, configurable: false } })],
  ])('%s is refused and changes nothing', (_title, operate) => {
    const { standIn, made } = standInOf<Anything>(() => ({ a: 1 }), { name: 'subject' });
    new Context().run(() => {
      expect(standIn.a).toBe(1);
      expect(() => operate(standIn)).toThrow(
        /^Context-scoped 'subject' cannot be .* through its stand-in, .*; do that in the constructor or factory\.$/,
      );
      expect(made[0]).toEqual({ a: 1 });
      expect(Object.isExtensible(made[0])).toBe(true);
      expect(Object.getOwnPropertyDescriptor(made[0], 'a')?.configurable).toBe(true);
    });
  });

  test('a property that cannot be configured is described as if it could, and is as fixed as it is', () => {
    class Frozen {
      name = 'ann';
      constructor() {
        Object.freeze(this);
      }
    }
    const { standIn } = standInOfClass(Frozen);
    new Context().run(() => {
      const described = { value: 'ann', writable: false, enumerable: true, configurable: true };
      expect(Object.getOwnPropertyDescriptor(standIn, 'name')).toEqual(described);
      expect(Object.getOwnPropertyDescriptors(standIn)).toEqual({ name: described });
      expect(() => Object.assign(standIn, { name: 'eve' })).toThrow(TypeError);
      expect(Reflect.deleteProperty(standIn, 'name')).toBe(false);
    });
  });
});
