// Does the same to a plain instance and to a stand-in inside a unit of work, and expects the same of both: the result,
// and the instance afterwards.

import { Context } from '../../src/core/index.js';
import { Caller, Person } from './stand-in-caller.js';
import { type Subject, standInOf, standInOfClass } from './stand-in-subject.js';

/** A plain instance or a stand-in, for operations that no type allows. */
export type Anything = any;
export type Operation = readonly [title: string, operate: (it: Anything) => unknown];

const subjects: readonly (readonly [title: string, subject: () => Subject<object>])[] = [
  ['of which there is no instance yet', () => standInOfClass(Caller)],
  [
    'that has been used before',
    () => {
      const subject = standInOfClass(Caller);
      subject.standIn.describe();
      return subject;
    },
  ],
  [
    'of a factory, once it has been used',
    () => {
      const subject = standInOf(() => new Caller());
      subject.standIn.describe();
      return subject;
    },
  ],
  [
    'of which only the base class is known until it is used',
    () => {
      const subject = standInOf<Person>(() => new Caller(), { type: Person });
      subject.standIn.describe();
      return subject;
    },
  ],
];

/**
 * Compares a plain Caller with stand-ins for one. Of what a factory gives, a stand-in knows the class only once it has
 * been used.
 */
export function describeAsPlain(
  operations: readonly Operation[],
  onTheClass: readonly Operation[] = [],
): void {
  describe.each(subjects)('with a stand-in %s', (_title, subject) => {
    test.each([...operations, ...onTheClass])('%s', async (_what, operate) => {
      await expectAsPlain(() => new Caller(), subject, operate);
    });
  });

  test.each(operations)('with a stand-in of a factory: %s', async (_what, operate) => {
    await expectAsPlain(
      () => new Caller(),
      () => standInOf(() => new Caller()),
      operate,
    );
  });
}

export async function expectAsPlain(
  plain: () => object,
  subject: () => Subject<object>,
  operate: (it: Anything) => unknown,
): Promise<void> {
  const instance = plain();
  const expected = await outcomeOf(operate, instance);
  await new Context().run(async () => {
    const { standIn, made } = subject();
    expect(await outcomeOf(operate, standIn)).toEqual(expected);
    if (made[0] !== undefined) expect(stateOf(made[0])).toEqual(stateOf(instance));
    expect(made.length).toBeLessThan(2);
  });
}

/** How it went: with the subject as a word, and errors by their class, because proxies have messages of their own. */
async function outcomeOf(operate: (it: Anything) => unknown, it: object): Promise<unknown> {
  try {
    const value = await operate(it);
    return { value: value === it ? 'it' : value };
  } catch (error) {
    return { thrown: (error as Error).constructor };
  }
}

function stateOf(instance: object): unknown {
  const keys = Reflect.ownKeys(instance).filter((key) => key !== 'stack');
  const own = keys.map((key) => {
    const { value, ...flags } = Object.getOwnPropertyDescriptor(instance, key) ?? {};
    return { key, value: kindOf(value), ...flags, get: kindOf(flags.get) };
  });
  return {
    own,
    type: Object.getPrototypeOf(instance)?.constructor,
    extensible: Object.isExtensible(instance),
  };
}

/** Each instance has functions of its own. */
function kindOf(value: unknown): unknown {
  return typeof value === 'function' ? 'a function' : value;
}

/** Whether two reads gave the same. */
export function same(one: unknown, other: unknown): boolean {
  return one === other;
}

/** Calls a method by its name. */
export function call(it: Anything, name: string, ...args: unknown[]): unknown {
  return it[name](...args);
}

/** An object that inherits from `it` and has properties of its own. */
export function withOwn(it: Anything, own: object): Anything {
  return Object.assign(Object.create(it), own);
}

/** For tests of what does not depend on whether the class is known. */
export function standInKinds<T extends object>(type: new () => T, make: () => T = () => new type()) {
  return [
    ['a class', () => standInOf(make, { name: type.name, type })],
    ['a factory', () => standInOf(make)],
  ] as const;
}
