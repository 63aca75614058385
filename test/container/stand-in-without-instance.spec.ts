// Where there is no instance, a stand-in answers what frameworks and tools ask of any object without making one, and
// throws a clear error for everything else.

import { EventEmitter, once } from 'node:events';
import { inspect } from 'node:util';
import { Context, runUnitOfWork } from '../../src/core/index.js';
import { withCode } from '../core/support/outcome.js';
import { type Anything, call, type Operation, same, withOwn } from './stand-in-comparison.js';
import { standInOf, standInOfClass } from './stand-in-subject.js';

const SYMBOL = Symbol('own');

class Caller {
  static kind = 'static';
  declare kind: string;
  name = 'ann';
  [SYMBOL] = 1;

  static {
    Object.defineProperty(Caller.prototype, Symbol.toStringTag, { value: 'Caller' });
  }
  get secret(): number {
    return 1;
  }
  greet(): string {
    return `hello ${this.name}`;
  }
  async onModuleInit(): Promise<void> {}
  async onApplicationBootstrap(): Promise<void> {}
  async onModuleDestroy(): Promise<void> {}
  async beforeApplicationShutdown(): Promise<void> {}
  async onApplicationShutdown(): Promise<void> {}
  *[Symbol.iterator](): Generator<string> {
    yield this.name;
  }
}

class Valued {
  amount = 3;
  toJSON(): number {
    return this.amount;
  }
  toString(): string {
    return `${this.amount} EUR`;
  }
  [Symbol.toPrimitive](): number {
    return this.amount;
  }
  [inspect.custom](): string {
    return 'inspected';
  }
}

const lifecycle = [
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
];

/** With what a stand-in for a Caller answers. */
const answered: readonly (readonly [...Operation, answer: unknown])[] = [
  ['typeof', (it) => typeof it, 'object'],
  ['then', (it) => it.then, undefined],
  ['await', async (it) => same(await it, it), true],
  ['toJSON', (it) => it.toJSON, undefined],
  ['a lifecycle hook of Nest', (it) => lifecycle.map((key) => it[key]), lifecycle.map(() => undefined)],
  ['a lifecycle hook of Nest with in', (it) => lifecycle.some((key) => key in it), false],
  ['the constructor', (it) => it.constructor, Caller],
  ['a static field', (it) => it.constructor.kind, 'static'],
  ['the prototype', (it) => Object.getPrototypeOf(it) === Caller.prototype, true],
  ['the prototype as a property', (it) => same(call(it, 'valueOf'), it), true],
  ['instanceof', (it) => [it instanceof Caller, it instanceof Map], [true, false]],
  ['isPrototypeOf', (it) => Object.prototype.isPrototypeOf.call(Caller.prototype, it), true],
  ['a method', (it) => typeof it.greet, 'function'],
  ['a method by symbol', (it) => typeof it[Symbol.iterator], 'function'],
  ['in: a method', (it) => 'greet' in it, true],
  ['in: a getter', (it) => 'secret' in it, true],
  ['in: what every object has', (it) => 'toString' in it, true],
  ['in: then', (it) => 'then' in it, false],
  ['a well-known symbol that the prototype has', (it) => it[Symbol.toStringTag], 'Caller'],
  ['a well-known symbol that it has not', (it) => it[Symbol.toPrimitive], undefined],
  ['the symbol of util.inspect', (it) => it[inspect.custom], undefined],
  ['util.inspect', (it) => inspect(it), '[context-scoped Caller: no instance here]'],
  [
    'util.inspect of what holds it',
    (it) => inspect({ it }),
    '{ it: [context-scoped Caller: no instance here] }',
  ],
  ['a string', (it) => `${it}`, '[object Caller]'],
  ['what every object has', (it) => [it.hasOwnProperty, it.toString], [{}.hasOwnProperty, {}.toString]],
  ['the getters of old', (it) => it.__defineGetter__, Reflect.get({}, '__defineGetter__')],
  [
    'the descriptor of the constructor',
    (it) => Object.getOwnPropertyDescriptor(it, 'constructor'),
    undefined,
  ],
  ['identity', (it) => new Set([it, it]).size, 1],
  ['isFrozen', (it) => Object.isFrozen(it), false],
  ['isArray', (it) => Array.isArray(it), false],
  ['jest asking whether it is a matcher', (it) => it.asymmetricMatch, undefined],
];

/** Only outside any unit of work: inside one the instance may know better. */
const answeredOutside: typeof answered = [
  ['a symbol', (it) => it[SYMBOL], undefined],
  ['in: a symbol', (it) => SYMBOL in it, false],
  ['delete', (it) => delete it.name, true],
  ['a write to an object made from it', (it) => withOwn(it, { extra: 1 }).extra, 1],
];

const asksTheInstance: readonly Operation[] = [
  ['a field', (it) => it.name],
  ['a getter', (it) => it.secret],
  ['a missing field', (it) => it.missing],
  ['a call', (it) => it.greet()],
  ['an extracted call', ({ greet }) => greet()],
  ['iteration', (it) => [...it]],
  ['a write', (it) => Reflect.set(it, 'name', 'eve')],
  ['a function written', (it) => Reflect.set(it, 'greet', () => 'mine')],
  ['defineProperty', (it) => Reflect.defineProperty(it, 'name', { value: 'eve' })],
  ['setPrototypeOf', (it) => Object.setPrototypeOf(it, Caller.prototype)],
  ['in: a field', (it) => 'name' in it],
  ['Object.hasOwn', (it) => Object.hasOwn(it, 'name')],
  ['the keys', (it) => Object.keys(it)],
  ['spread', (it) => ({ ...it })],
  ['JSON.stringify', (it) => JSON.stringify({ it })],
];

/** Refused everywhere, before anything is done. */
const refused: readonly Operation[] = [
  ['Object.freeze', (it) => Object.freeze(it)],
  ['Object.seal', (it) => Object.seal(it)],
  ['Object.preventExtensions', (it) => Object.preventExtensions(it)],
  ['Reflect.preventExtensions', (it) => Reflect.preventExtensions(it)],
  ['a non-configurable property', (it) => Object.defineProperty(it, 'x', { value: 1, configurable: false })],
];

describe('outside any unit of work', () => {
  test.each([...answered, ...answeredOutside])('%s is answered', async (_title, operate, answer) => {
    const { standIn, made } = standInOfClass(Caller);
    expect(await operate(standIn)).toEqual(answer);
    expect(made).toEqual([]);
  });

  test.each(asksTheInstance)('%s is an error that says so', (_title, operate) => {
    const { standIn, made } = standInOfClass(Caller);
    expect(() => operate(standIn)).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
    expect(made).toEqual([]);
  });

  test.each(refused)('%s is refused', (_title, operate) => {
    const { standIn, made } = standInOfClass(Caller);
    expect(() => operate(standIn)).toThrow(/^Context-scoped 'Caller' cannot be .* through its stand-in/);
    expect(made).toEqual([]);
  });

  test('a stand-in of a factory answers as an object of which nothing is known', () => {
    const { standIn, made } = standInOf<Anything>(() => new Map(), { name: 'cache' });
    expect(standIn.constructor).toBe(Object);
    expect(standIn.then).toBeUndefined();
    expect(standIn.toJSON).toBeUndefined();
    expect(standIn[Symbol.iterator]).toBeUndefined();
    expect(lifecycle.map((key) => standIn[key])).toEqual(lifecycle.map(() => undefined));
    expect(`${standIn}`).toBe('[object Object]');
    expect(Object.getPrototypeOf(standIn)).toBe(Object.prototype);
    expect(standIn).toBeInstanceOf(Object);
    expect(inspect(standIn)).toBe('[context-scoped cache: no instance here]');
    expect(() => standIn.get).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
    expect(() => 'get' in standIn).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
    expect(made).toEqual([]);
  });

  test('two stand-ins are compared by what they are', () => {
    const [one, other] = [standInOfClass(Valued), standInOfClass(Valued)];
    expect(one.standIn).toBe(one.standIn);
    expect(one.standIn).toEqual(one.standIn);
    expect(one.standIn).not.toBe(other.standIn);
    expect([...one.made, ...other.made]).toEqual([]);
  });
});

describe('in a unit of work that has no instance yet', () => {
  test.each(answered)('%s is answered without making one', async (_title, operate, answer) => {
    const { standIn, made } = standInOfClass(Caller);
    await new Context().run(async () => expect(await operate(standIn)).toEqual(answer));
    expect(made).toEqual([]);
  });

  const asked: readonly (readonly unknown[])[] = [...asksTheInstance, ...answeredOutside.slice(0, 3)];
  test.each(asked)('%s makes one', (_title, operate) => {
    const { standIn, made } = standInOfClass(Caller);
    new Context().run(() => void (operate as Operation[1])(standIn));
    expect(made).toHaveLength(1);
  });

  test.each(refused)('%s is refused', (_title, operate) => {
    const { standIn, made } = standInOfClass(Caller);
    new Context().run(() => expect(() => operate(standIn)).toThrow(TypeError));
    expect(made).toEqual([]);
  });

  test('what a factory gives is asked for all that nobody else knows', () => {
    const { standIn, made } = standInOf<Anything>(() => new Date(0));
    expect(new Context().run(() => JSON.stringify({ standIn }))).toBe(
      '{"standIn":"1970-01-01T00:00:00.000Z"}',
    );
    expect(new Context().run(() => `${standIn}`)).toBe(`${new Date(0)}`);
    expect(new Context().run(() => standIn > -1)).toBe(true);
    expect(made).toHaveLength(3);
  });

  test('what Nest asks while it starts is answered for what a factory gives too', async () => {
    const { standIn, made } = standInOf<Anything>(() => ({ onModuleInit: () => {} }), { name: 'lazy' });
    await new Context().run(async () => {
      await standIn;
      expect(standIn.onModuleInit).toBeUndefined();
      expect('onModuleInit' in standIn).toBe(false);
      expect(inspect(standIn)).toBe('[context-scoped lazy: no instance here]');
      expect(standIn.constructor).toBe(Object);
      expect(standIn).not.toBeInstanceOf(Promise);
      expect(typeof standIn.__defineGetter__).toBe('function');
    });
    expect(made).toEqual([]);
  });
});

test('what the class says itself needs no instance to be read, and makes one when it is called', () => {
  const { standIn, made } = standInOfClass(Valued);
  const keys = ['toJSON', 'toString', Symbol.toPrimitive, inspect.custom] as const;
  const methods = keys.map((key) => standIn[key]);
  expect(methods.map((method) => typeof method)).toEqual(keys.map(() => 'function'));
  expect(made).toEqual([]);
  expect(() => `${standIn.toString()}`).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
  new Context().run(() => {
    expect(keys.map((key) => standIn[key])).toEqual(methods);
    expect(JSON.stringify([standIn])).toBe('[3]');
    expect(String(standIn.toString())).toBe('3 EUR');
    expect(Number(standIn) + 1).toBe(4);
    expect(inspect(standIn)).toBe('inspected');
  });
  expect(made).toHaveLength(1);
});

test('with an instance, the lifecycle hooks of the class are there', () => {
  const { standIn } = standInOfClass(Caller);
  new Context().run(() => {
    standIn.greet();
    expect(lifecycle.map((key) => typeof Reflect.get(standIn, key))).toEqual(lifecycle.map(() => 'function'));
    expect('onModuleInit' in standIn).toBe(true);
  });
  expect(Reflect.get(standIn, 'onModuleInit')).toBeUndefined();
});

test('after the end of the unit of work a use is an error that says so, and probes are answered', async () => {
  const { standIn, made } = standInOfClass(Caller);
  const emitter = new EventEmitter();
  const left = runUnitOfWork({ kind: 'job' }, () => {
    standIn.name = 'eve';
    return { late: once(emitter, 'late').then(() => [...asksTheInstance, ...answered].map(outcomeIn)) };
  });
  const outcomeIn = ([title, operate]: readonly unknown[]) => {
    try {
      return { title, value: (operate as Operation[1])(standIn) };
    } catch (error) {
      return { title, thrown: (error as { code?: string }).code };
    }
  };
  emitter.emit('late');
  const outcomes = await left.late;
  const failed = outcomes.filter((outcome) => 'thrown' in outcome);
  expect(failed).toEqual(asksTheInstance.map(([title]) => ({ title, thrown: 'ERR_SCOPE_ENDED' })));
  expect(made).toHaveLength(1);
});
