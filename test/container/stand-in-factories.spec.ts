// Stand-ins for what factories give: arrays, collections, functions, objects without a class.

import { inspect } from 'node:util';
import { Context } from '../../src/core/index.js';
import { withCode } from '../core/support/outcome.js';
import { type Anything, expectAsPlain, type Operation } from './stand-in-comparison.js';
import { type Subject, standInOf } from './stand-in-subject.js';

const cases: readonly (readonly [what: string, make: () => object, operations: readonly Operation[]])[] = [
  [
    'an array',
    () => [3, 1, 2],
    [
      ['length', (it) => it.length],
      ['an index', (it) => [it[0], it[9], it.at(-1)]],
      ['spread', (it) => [...it]],
      ['destructuring', ([first, ...rest]) => [first, rest]],
      ['push and pop', (it) => [it.push(4, 5), it.pop(), it.length]],
      ['a write to an index', (it) => [Reflect.set(it, 5, 'x'), it.length]],
      ['a write to length', (it) => [Reflect.set(it, 'length', 1), [...it]]],
      ['sort gives the array itself', (it) => it.sort()],
      [
        'map, filter, reduce',
        (it) => [it.map(String), it.filter(Boolean), it.reduce((a: number, b: number) => a + b)],
      ],
      ['entries', (it) => [...it.entries()]],
      ['Array.from', (it) => Array.from(it)],
      ['Object.keys', (it) => Object.keys(it)],
      ['JSON.stringify of its copy', (it) => JSON.stringify([...it])],
      ['a string', (it) => `${it}`],
      ['join', (it) => it.join('-')],
      ['in', (it) => [0 in it, 3 in it]],
      ['delete', (it) => [delete it[0], 0 in it]],
      ['splice', (it) => [it.splice(0, 2), [...it]]],
    ],
  ],
  [
    'a Map',
    () => new Map([['a', 1]]),
    [
      ['get and has', (it) => [it.get('a'), it.has('b'), it.size]],
      ['set gives the map itself', (it) => it.set('b', 2)],
      ['iteration', (it) => [...it]],
      ['entries of a copy', (it) => [...new Map(it)]],
      [
        'forEach',
        (it) => {
          const seen: unknown[] = [];
          it.forEach((value: unknown, key: unknown) => {
            seen.push([key, value]);
          });
          return seen;
        },
      ],
      ['clear', (it) => [it.clear(), it.size]],
      ['its name', (it) => Object.prototype.toString.call(it)],
    ],
  ],
  ['a Set', () => new Set([1, 2]), [['values', (it) => [it.has(1), it.size, [...it.add(3)]]]]],
  [
    'a Date',
    () => new Date(86_400_000),
    [
      ['a getter method', (it) => it.getTime()],
      ['a number', (it) => [+it, it - 1, it > 0]],
      ['a string', (it) => `${it}`],
      ['JSON.stringify', (it) => JSON.stringify({ it })],
      ['a setter method', (it) => [it.setTime(0), it.toISOString()]],
    ],
  ],
  [
    'a RegExp',
    () => /a(b)/g,
    [['exec', (it) => [it.test('xab'), it.lastIndex, it.source, 'ab'.replace(it, '$1')]]],
  ],
  ['an Error', () => new RangeError('far'), [['its parts', (it) => [it.message, it.name, `${it}`]]]],
  [
    'a typed array',
    () => new Uint8Array([1, 2]),
    [['its parts', (it) => [it[0], it.length, [...it], it.byteLength]]],
  ],
  [
    'a Buffer',
    () => Buffer.from('text'),
    [['its parts', (it) => [it.toString(), it.length, it.equals(Buffer.from('text'))]]],
  ],
  [
    'an object without a class',
    () => ({
      word: 'hi',
      say(this: Anything) {
        return this.word;
      },
      arrow: () => 'arrow',
      nested: { a: 1 },
    }),
    [
      ['a method', (it) => it.say()],
      ['an extracted method', ({ say }) => say.call({ word: 'x' }).length > 0],
      ['an arrow function', ({ arrow }) => arrow()],
      ['keys', (it) => [Object.keys(it), JSON.stringify(it)]],
      ['constructor', (it) => it.constructor],
      ['prototype', (it) => Object.getPrototypeOf(it) === Object.prototype],
    ],
  ],
  [
    'an object without a prototype',
    () => Object.assign(Object.create(null), { a: 1, say: () => 'said' }),
    [
      ['keys', (it) => [Object.keys(it), it.a, it.say(), it.constructor, it.toString, 'toString' in it]],
      ['an extracted function with a stranger', ({ say }) => say.call(new Map())],
    ],
  ],
];

function used<S extends Pick<Subject<object>, 'standIn'>>(subject: S): S {
  Reflect.ownKeys(subject.standIn);
  return subject;
}

describe.each(cases)('%s', (_what, make, operations) => {
  test.each(operations)('%s', async (_title, operate) => {
    await expectAsPlain(make, () => standInOf(make), operate);
    await expectAsPlain(make, () => used(standInOf(make)), operate);
  });
});

test('what Array, Map and Date have is read without an instance where the class is known', () => {
  const { standIn, made } = standInOf<Map<string, number>>(() => new Map(), { name: 'Map', type: Map });
  const { set, get } = standIn;
  expect(made).toEqual([]);
  new Context().run(() => {
    expect(set('a', 1)).toBe(standIn);
    expect([get('a'), standIn.size, [...standIn]]).toEqual([1, 1, [['a', 1]]]);
  });
  expect(() => get('a')).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
});

test.each(cases)('%s is known by its class once it has been used', (_what, make) => {
  const { standIn } = standInOf(make);
  new Context().run(() => {
    expect(Object.getPrototypeOf(standIn)).toBe(Object.prototype);
    expect(standIn.constructor).toBe(Object);
    used({ standIn });
    const instance = make();
    expect(Object.getPrototypeOf(standIn)).toBe(Object.getPrototypeOf(instance));
    expect(standIn.constructor).toBe(instance.constructor);
  });
});

describe('a function', () => {
  const make = (): Anything =>
    Object.assign(
      function translate(this: unknown, ...words: string[]) {
        return new.target ? { built: words } : [this, ...words];
      },
      { language: 'en' },
    );
  const subject = () => standInOf<Anything>(make, { name: 'translate', callable: true });

  test.each<Operation>([
    ['typeof', (it) => typeof it],
    ['a call', (it) => it('a', 'b')],
    ['call', (it) => it.call('self', 'a')],
    ['apply', (it) => Reflect.apply(it, undefined, ['a'])],
    ['bind', (it) => it.bind('self')('a')],
    ['new', (it) => new it('a').built],
    ['what new makes', (it) => new it('a') instanceof it],
    ['a property', (it) => it.language],
    ['a write', (it) => [Reflect.set(it, 'language', 'de'), it.language]],
    ['name and length', (it) => [it.name, it.length]],
    ['the prototype of instances', (it) => typeof it.prototype],
    ['own keys', (it) => Reflect.ownKeys(it).includes('language')],
    ['instanceof', (it) => it instanceof Function],
    ['constructor', (it) => it.constructor],
    ['a callback', (it) => ['a'].map((word) => it(word))],
    ['a method of another object', (it) => ({ it }).it('a').length],
  ])('%s', async (_title, operate) => {
    await expectAsPlain(make, subject, operate);
  });

  test('is not made for typeof, then or util.inspect, and a call outside any unit of work says so', async () => {
    const { standIn, made } = subject();
    expect(typeof standIn).toBe('function');
    expect(await standIn).toBe(standIn);
    expect(inspect(standIn)).toBe('[context-scoped translate: no instance here]');
    expect([standIn.name, standIn.call]).toEqual(['', Function.prototype.call]);
    expect(standIn).toBeInstanceOf(Function);
    expect(() => standIn('a')).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
    expect(() => new standIn('a')).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
    expect(() => standIn.language).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
    expect(made).toEqual([]);
  });

  test('gives the stand-in where it gives itself', () => {
    const itself = (): Anything => {
      const chain: Anything = Object.assign(() => chain, { also: () => chain });
      return chain;
    };
    const { standIn } = standInOf<Anything>(itself, { callable: true });
    new Context().run(() => {
      expect(standIn()).toBe(standIn);
      expect(standIn.also()()).toBe(standIn);
    });
  });

  test('a class can be extended and constructed', () => {
    class Model {
      constructor(readonly name: string) {}
      static find(name: string): Model {
        return new this(name);
      }
    }
    const { standIn } = standInOf<typeof Model>(() => class Own extends Model {}, { callable: true });
    new Context().run(() => {
      class Derived extends standIn {}
      expect(new standIn('a')).toBeInstanceOf(Model);
      expect(new Derived('b')).toMatchObject({ name: 'b' });
      expect(standIn.find('c').constructor.name).toBe('Own');
    });
  });
});

test('an arrow function cannot be constructed through the stand-in either', () => {
  const { standIn } = standInOf<Anything>(() => () => 1, { callable: true });
  new Context().run(() => expect(() => new standIn()).toThrow(TypeError));
});
