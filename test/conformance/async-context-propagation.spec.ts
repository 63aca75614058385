// Where a value goes: the proposal's "propagation", through every form of promise, timer and generator that Node has.
// The callback reads the context in which it was registered: not the one in which the promise was made, nor the one in
// which it was resolved.

import { AsyncResource } from 'node:async_hooks';
import { EventEmitter, on, once } from 'node:events';
import {
  setImmediate as immediate,
  setInterval as interval,
  scheduler,
  setTimeout as sleep,
} from 'node:timers/promises';
import { promisify } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { bindEmitter, bindIterable } from '../../src/core/index.js';
import { Snapshot, Variable } from './async-context.js';

const variable = new Variable<string>({ name: 'where', defaultValue: 'nowhere' });
const where = (): string | undefined => variable.get();

/** Has a promise made, awaited and resolved in three contexts; gives what the one who waits has read. */
type Form = (promise: Promise<string>) => Promise<string | undefined>;

const promiseForms: Record<string, Form> = {
  then: (promise) => promise.then(where),
  'then, rejected': (promise) =>
    promise.then(() => Promise.reject(new Error('failed'))).then(undefined, where),
  catch: (promise) => promise.then(() => Promise.reject(new Error('failed'))).catch(where),
  finally: async (promise) => {
    let seen: string | undefined;
    await promise.finally(() => {
      seen = where();
    });
    return seen;
  },
  await: async (promise) => {
    await promise;
    return where();
  },
  'await in a loop': async (promise) => {
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 3; i++) {
      await promise;
      seen.push(where());
    }
    return [...new Set(seen)].join();
  },
  'for await over promises': async (promise) => {
    for await (const _ of [promise]) return where();
    return undefined;
  },
  'return await': (promise) => (async () => await promise)().then(where),
  'Promise.all': (promise) => Promise.all([promise, 1]).then(where),
  'Promise.allSettled': (promise) =>
    Promise.allSettled([promise, Promise.reject(new Error('failed'))]).then(where),
  'Promise.race': (promise) => Promise.race([promise, new Promise<string>(() => {})]).then(where),
  'Promise.any': (promise) => Promise.any([promise, Promise.reject(new Error('failed'))]).then(where),
  'Promise.resolve of a thenable': (promise) =>
    Promise.resolve({ then: (done: (value: string) => void) => void promise.then(done) }).then(where),
  'a promise that is resolved with another': (promise) =>
    new Promise((resolve) => resolve(promise)).then(where),
  'a chain': (promise) =>
    promise
      .then(() => {})
      .then(() => immediate())
      .then(where),
  'a subclass of Promise': (promise) => {
    class Own<T> extends Promise<T> {}
    return Own.resolve(promise).then(where);
  },
  'a promise of another realm': (promise) => {
    const realm = createContext({ promise });
    return runInContext('new Promise((resolve) => promise.then(resolve))', realm).then(where);
  },
  'an async function of another realm': (promise) =>
    runInContext('(async () => { await promise; return where(); })()', createContext({ promise, where })),
  'the body of an async generator': async (promise) => {
    async function* read() {
      await promise;
      yield where();
    }
    for await (const seen of read()) return seen;
    return undefined;
  },
  promisify: async (promise) => {
    await promisify((done: (error: null) => void) => void promise.then(() => done(null)))();
    return where();
  },
};

describe('a callback of a promise reads where it was registered', () => {
  test.each(Object.entries(promiseForms))('%s, of a promise that is pending', async (_form, form) => {
    let resolve = (_value: string): void => {};
    const promise = variable.run('made', () => {
      const made = new Promise<string>((given) => {
        resolve = given;
      });
      return { made };
    }).made;
    const seen = variable.run('registered', () => form(promise));
    variable.run('resolved', () => resolve('value'));
    expect(await seen).toBe('registered');
    expect(where()).toBe('nowhere');
  });

  test.each(Object.entries(promiseForms))(
    '%s, of a promise that has settled already',
    async (_form, form) => {
      const promise = variable.run('resolved', () => Promise.resolve('value'));
      expect(await variable.run('registered', () => form(promise))).toBe('registered');
    },
  );
});

/** Calls back later. */
const callbackForms: Record<string, (callback: () => void) => unknown> = {
  setTimeout: (callback) => setTimeout(callback, 1),
  'setTimeout of 0 ms': (callback) => setTimeout(callback, 0),
  setInterval: (callback) => {
    const timer = setInterval(() => {
      clearInterval(timer);
      callback();
    }, 1);
  },
  setImmediate: (callback) => setImmediate(callback),
  'process.nextTick': (callback) => process.nextTick(callback),
  queueMicrotask: (callback) => queueMicrotask(callback),
  'a timer in a timer': (callback) => setTimeout(() => setImmediate(callback), 1),
  'a microtask in a timer': (callback) => setTimeout(() => queueMicrotask(callback), 1),
  'util.promisify(setTimeout)': (callback) => promisify(setTimeout)(1).then(callback),
  'timers/promises setTimeout': (callback) => sleep(1).then(callback),
  'timers/promises setImmediate': (callback) => immediate().then(callback),
  'timers/promises setInterval': async (callback) => {
    for await (const _ of interval(1)) break;
    callback();
  },
  'scheduler.wait': (callback) => scheduler.wait(1).then(callback),
  'scheduler.yield': (callback) => scheduler.yield().then(callback),
  'a dynamic import': (callback) => import('node:path').then(callback),
  'an AsyncResource': (callback) => {
    const resource = new AsyncResource('conformance');
    variable.run('caller', () => resource.runInAsyncScope(callback));
  },
};

describe('callbacks', () => {
  test.each(Object.entries(callbackForms))('%s calls back where it was given', async (_form, schedule) => {
    const seen = await new Promise<string | undefined>((resolve) => {
      variable.run('given', () => void schedule(() => resolve(where())));
    });
    expect(seen).toBe('given');
    expect(where()).toBe('nowhere');
  });

  test('each call of setInterval', async () => {
    const seen: (string | undefined)[] = [];
    await new Promise<void>((resolve) => {
      variable.run('given', () => {
        const timer = setInterval(() => {
          seen.push(where());
          variable.run('inside', () => {});
          if (seen.length < 3) return;
          clearInterval(timer);
          resolve();
        }, 1);
      });
    });
    expect(seen).toEqual(['given', 'given', 'given']);
  });

  test('a thousand at once, each its own', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `n${i}`);
    const forms = Object.values(callbackForms);
    const seen = names.map(
      (name, i) =>
        new Promise<string | undefined>((resolve) => {
          variable.run(name, () => void forms[i % forms.length]?.(() => resolve(where())));
        }),
    );
    expect(await Promise.all(seen)).toEqual(names);
  });
});

describe('thenables', () => {
  test('then is called where the thenable is awaited, and the one who waits goes on there', async () => {
    const seen: (string | undefined)[] = [];
    let call = (): void => {};
    const thenable = variable.run('made', () => ({
      of: {
        then(done: () => void) {
          seen.push(where());
          call = done;
        },
      },
    })).of;
    const waiting = variable.run('awaited', async () => {
      await thenable;
      seen.push(where());
    });
    await immediate();
    variable.run('resolved', () => call());
    await waiting;
    expect(seen).toEqual(['awaited', 'awaited']);
  });
});

function* syncBody(): Generator<string | undefined> {
  yield where();
  yield where();
}

async function* asyncBody(): AsyncGenerator<string | undefined> {
  await null;
  yield where();
  await null;
  yield where();
}

/** Takes the two values of an iterator, each in a context of its own. */
async function consume(iterator: {
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
}): Promise<unknown[]> {
  const first = await variable.run('first next', async () => (await iterator.next()).value);
  const second = await variable.run('second next', async () => (await iterator.next()).value);
  return [first, second];
}

describe.each([
  ['a generator', syncBody],
  ['an async generator', asyncBody],
] as const)('%s', (_kind, body) => {
  test('that run gives reads where it was made, whoever calls next()', async () => {
    const iterator = variable.run('made', () => body() as Generator<unknown>);
    expect(await consume(iterator)).toEqual(['made', 'made']);
  });

  // Departure: in the proposal every generator does.
  test('that run does not give reads whoever calls next(), until it is bound', async () => {
    const made = variable.run('made', () => ({
      plain: body(),
      bound: bindIterable<Iterable<unknown> | AsyncIterable<unknown>>(body()),
    }));
    expect(await consume(made.plain)).toEqual(['first next', 'second next']);
    expect(await consume(made.bound as Generator<unknown>)).toEqual(['made', 'made']);
  });

  test('that yields inside a nested run reads that inside and its own afterwards', async () => {
    const seen: unknown[] = [];
    async function* outer() {
      seen.push(where());
      yield* variable.run('nested', () => body() as AsyncGenerator<unknown>);
      seen.push(where());
    }
    const iterator = variable.run('made', () => outer());
    expect(await consume(iterator)).toEqual(['nested', 'nested']);
    await variable.run('third next', () => iterator.next());
    expect(seen).toEqual(['made', 'made']);
  });
});

test('an iterator of an array that run gives reads its elements where it was made', () => {
  const array = Object.defineProperty([] as unknown[], 0, { get: where });
  const iterator = variable.run('made', () => array.values());
  expect(variable.run('next', () => iterator.next().value)).toBe('made');
});

describe('another realm', () => {
  test('a snapshot that is taken or run by its code is the same', () => {
    const other = new Variable<string>();
    const realm = createContext({ Snapshot, where, other }) as Record<string, unknown>;
    variable.run('snapshot', () => {
      runInContext('var snapshot = new Snapshot()', realm);
      other.run('later', () =>
        variable.run('now', () => {
          const seen = runInContext('snapshot.run(() => [where(), other.get()])', realm) as unknown[];
          expect([...seen]).toEqual(['snapshot', undefined]);
          expect(runInContext('where()', realm)).toBe('now');
        }),
      );
    });
  });
});

describe('departures of the platform', () => {
  // The proposal has it run in the context of `register`.
  test('a FinalizationRegistry calls back outside any context', async () => {
    const { gc } = globalThis as { gc?: () => void };
    if (gc === undefined) throw new Error('this test needs --expose-gc');
    let seen: string | undefined;
    const registry = variable.run('made', () => ({
      of: new FinalizationRegistry(() => {
        seen = where();
      }),
    })).of;
    variable.run('registered', () => registry.register({}, undefined));
    for (let i = 0; i < 100 && seen === undefined; i++) {
      gc();
      await immediate();
    }
    expect(seen).toBe('nowhere');
  });

  // The proposal's draft for the web registers the context with the listener.
  test('a listener runs where its event is emitted, until its emitter is bound', async () => {
    const read = async (emitter: EventEmitter): Promise<string | undefined> => {
      const seen = new Promise<string | undefined>((resolve) => {
        variable.run('listens', () => void emitter.on('event', () => resolve(where())));
      });
      variable.run('emits', () => emitter.emit('event'));
      return seen;
    };
    expect(await read(new EventEmitter())).toBe('emits');
    expect(await read(bindEmitter(new EventEmitter()))).toBe('listens');
  });

  test('events.once and events.on go on where they are awaited', async () => {
    const emitter = new EventEmitter();
    const waiting = variable.run('waits', async () => {
      await once(emitter, 'first');
      const seen = [where()];
      for await (const _ of on(emitter, 'second', { close: ['end'] })) seen.push(where());
      return seen;
    });
    variable.run('emits', () => emitter.emit('first'));
    await immediate();
    variable.run('emits', () => emitter.emit('second'));
    await immediate();
    variable.run('emits', () => emitter.emit('end'));
    expect(await waiting).toEqual(['waits', 'waits']);
  });
});
