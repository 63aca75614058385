// A result that can be consumed several times, an Observable or an async iterable: each consumption on its own.

import { Observable } from 'rxjs';
import {
  type Context,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';

const name = new ContextVar<string>('name', { default: 'unset' });
const role = new ScopedValue<string>('role');

/** Sets a name of its own at each subscription, and reads it when told to. */
function namesItself(): { source: Observable<string>; read: (() => void)[] } {
  const read: (() => void)[] = [];
  const source = new Observable<string>((subscriber) => {
    const own = `subscription ${read.length + 1}`;
    name.set(own);
    read.push(bound(() => subscriber.next(name.get())));
  });
  return { source, read };
}

/** Runs `fn` where this was called, as a continuation of that code would. */
function bound(fn: () => void): () => void {
  let go: () => void = () => {};
  void new Promise<void>((resolve) => {
    go = resolve;
  }).then(fn);
  return go;
}

test.each<[string, (make: () => Observable<string>) => Observable<string>]>([
  ['a preserved call', (make) => preserveContext(make)()],
  ['a unit of work', (make) => runUnitOfWork({ kind: 'test' }, make)],
  ['run of the variable', (make) => name.run('base', make)],
])('what one subscription to the Observable of %s sets, another does not see', async (_, call) => {
  const { source, read } = namesItself();
  const result = call(() => source);
  const seen: string[] = [];
  result.subscribe((value) => seen.push(`first: ${value}`));
  result.subscribe((value) => seen.push(`second: ${value}`));
  for (const go of read) go();
  await new Promise(setImmediate);
  expect(seen).toEqual(['first: subscription 1', 'second: subscription 2']);
});

test('each subscription binds a base of its own', () => {
  const result = preserveContext(
    () =>
      new Observable<string>((subscriber) => {
        role.bind('clerk');
        subscriber.next(role.get());
        subscriber.complete();
      }),
  )();
  const seen: string[] = [];
  for (let i = 0; i < 2; i++) result.subscribe((value) => seen.push(value));
  expect(seen).toEqual(['clerk', 'clerk']);
});

describe('an Observable under a temporary scope', () => {
  const reads = (): Observable<string> => new Observable((subscriber) => subscriber.next(role.get()));

  test('cannot be subscribed with its value after the end of its unit of work', () => {
    const result = runUnitOfWork({ kind: 'test' }, () => [role.run('admin', reads)])[0];
    expect(() => result?.subscribe()).toThrow(
      expect.objectContaining({
        code: 'ERR_SCOPE_ENDED',
        message:
          "The temporary scope of 'role' cannot be opened for this consumption: its unit of work has ended. " +
          'Consume the result inside the unit.',
      }),
    );
  });

  test('that began a unit of work has one that is open at each subscription', () => {
    const seen: unknown[] = [];
    const result = role.run(
      'admin',
      () => new Observable<void>(() => void seen.push([role.get(), currentUnit()?.ended])),
    );
    result.subscribe();
    result.subscribe();
    expect(seen).toEqual([
      ['admin', false],
      ['admin', false],
    ]);
  });

  test('in a task, below a run, has the values and a unit of work that is open', async () => {
    const result = await createTask(() =>
      name.run('run', () =>
        withTempContext(
          [role.as('admin')],
          () => new Observable<unknown>((s) => s.next([name.get(), role.get(), currentUnit()?.ended])),
        ),
      ),
    );
    const seen: unknown[] = [];
    result.subscribe((value) => seen.push(value));
    expect(seen).toEqual([['run', 'admin', false]]);
  });
});

test('a store that only looks like an Observable gives what it gives', () => {
  const listeners = new Set<() => void>();
  const store = {
    '@@observable': () => store,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const seen: string[] = [];
  const unsubscribe = name.run('inside', () => store).subscribe(() => void seen.push(name.get()));
  for (const listener of listeners) name.run('emitter', listener);
  unsubscribe();
  expect(seen).toEqual(['unset']);
  expect(listeners.size).toBe(0);
});

/** Each consumption adds to the name and gives it. */
const grows: AsyncIterable<string> = {
  async *[Symbol.asyncIterator]() {
    name.set(`${name.get()}!`);
    yield name.get();
  },
};

test.each<[string, (context: Context) => AsyncIterable<string>]>([
  ['entered', (context) => context.run(() => grows)],
  ['entered again while it runs', (context) => context.run(() => context.run(() => grows))],
])('what a consumption sets stays in a Context that was copied under a run, and is %s', async (_, enter) => {
  await runUnitOfWork({ kind: 'test' }, async () => {
    const context = name.run('run', () => copyContext());
    const result = enter(context);
    for (const expected of ['run!', 'run!!']) {
      for await (const value of result) expect(value).toBe(expected);
      expect(context.get(name)).toBe(expected);
    }
  });
});
