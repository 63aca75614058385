// What is awaited begins its work when it is awaited: in the context of the call that returned it.

import {
  Context,
  ContextVar,
  createTask,
  gather,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';

const tenant = new ContextVar<string>('tenant', { default: 'none' });
const role = new ScopedValue<string>('role');

/** As the queries of postgres.js: a Promise that does nothing until somebody asks for its result. */
class LazyPromise<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }
  #work: (() => T) | undefined;
  #resolve: (value: T) => void = () => {};

  static of<T>(work: () => T): LazyPromise<T> {
    let resolve: (value: T) => void = () => {};
    const lazy = new LazyPromise<T>((done) => {
      resolve = done;
    });
    lazy.#work = work;
    lazy.#resolve = resolve;
    return lazy;
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const work = this.#work;
    this.#work = undefined;
    if (work !== undefined) this.#resolve(work());
    return super.then(onFulfilled, onRejected);
  }
}

/** As a query builder of knex or a request of superagent: it can be piped, listened to and awaited. */
const pipeable = (work: () => string) => ({
  on() {},
  pipe() {},
  then: (resolve: (value: string) => void) => void resolve(work()),
});

describe.each([
  ['a lazy subclass of Promise', () => LazyPromise.of(() => tenant.get())],
  ['a thenable that looks like a stream', () => pipeable(() => tenant.get()) as unknown as Promise<string>],
])('%s', (_, make) => {
  test.each<[string, () => unknown]>([
    ['ContextVar.run', () => tenant.run('acme', make)],
    ['withTempContext', () => withTempContext([tenant.as('acme')], make)],
    ['Context.run', () => tenant.run('acme', () => new Context().run(() => tenant.run('acme', make)))],
    ['createTask', () => tenant.run('acme', () => createTask(make))],
    ['preserveContext', () => tenant.run('acme', () => preserveContext(make)())],
    ['gather', () => tenant.run('acme', async () => (await gather([make]))[0])],
    ['runUnitOfWork', () => runUnitOfWork({ kind: 'test' }, () => tenant.run('acme', make))],
  ])('that %s returns does its work inside', async (_name, call) => {
    expect(await call()).toBe('acme');
  });
});

test('a thenable that looks like a stream keeps a ScopedValue while it is awaited', async () => {
  const make = () => pipeable(() => role.get()) as unknown as Promise<string>;
  expect(await role.run('admin', make)).toBe('admin');
});
