import { setImmediate } from 'node:timers/promises';
import {
  bindIterable,
  ContextVar,
  currentUnit,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';
import { coreError } from './support/core-error.js';

const text = new ContextVar<string>('text', { default: 'default' });
const role = new ScopedValue<string>('role');

function within<R>(value: string, body: () => R): R {
  return runUnitOfWork({ kind: value }, () => {
    text.set(value);
    return body();
  });
}

/** What `make` gives, made inside; not as the result of the unit of work, which binds its results. */
function made<T>(value: string, make: () => T): T {
  return within(value, () => [make()])[0] as T;
}

async function* asynchronous(): AsyncGenerator<string, string, string> {
  try {
    await setImmediate();
    const sent = yield `first ${text.get()}`;
    yield `${sent} ${text.get()}`;
    return `done ${text.get()}`;
  } finally {
    left.push(text.get());
  }
}

function* synchronous(): Generator<string, string, string> {
  try {
    const sent = yield `first ${text.get()}`;
    yield `${sent} ${text.get()}`;
    return `done ${text.get()}`;
  } finally {
    left.push(text.get());
  }
}

let left: string[] = [];
beforeEach(() => {
  left = [];
});

const generators = [
  ['an asynchronous generator', asynchronous],
  ['a generator', synchronous],
] as const;

describe.each(generators)('%s', (_kind, generator) => {
  test('runs where it was bound, whoever calls next, from the first step to the last', async () => {
    const bound = made('binder', () => bindIterable(generator() as Generator<string, string, string>));
    const steps = [];
    for (const sent of ['', 'second', 'third'])
      steps.push(await within(`reader ${sent}`, async () => bound.next(sent)));
    expect(steps).toEqual([
      { value: 'first binder', done: false },
      { value: 'second binder', done: false },
      { value: 'done binder', done: true },
    ]);
    expect(left).toEqual(['binder']);
  });

  test('does its clean-up where it was bound when it is left early, or thrown into', async () => {
    const bound = () => made('binder', () => bindIterable(generator() as Generator<string>));
    await within('reader', async () => {
      for await (const value of bound()) {
        expect(value).toBe('first binder');
        expect(text.get()).toBe('reader');
        break;
      }
      const thrown = bound();
      await thrown.next();
      await expect((async () => thrown.throw(new Error('wrong')))()).rejects.toThrow('wrong');
    });
    expect(left).toEqual(['binder', 'binder']);
  });

  test('that is not bound runs where it is read: the hole that this closes', async () => {
    const plain = made('maker', () => generator() as Generator<string>);
    expect(await within('reader', async () => plain.next())).toEqual({ value: 'first reader', done: false });
  });
});

test('sees the live Context: what is set after it was bound, and its own sets are seen there', () =>
  runUnitOfWork({ kind: 'unit' }, () => {
    const bound = bindIterable(
      (function* () {
        const before = text.get();
        text.set('set by the generator');
        yield [before, currentUnit()?.kind];
      })(),
    );
    text.set('set later');
    expect(within('reader', () => bound.next().value)).toEqual(['set later', 'unit']);
    expect(text.get()).toBe('set by the generator');
  }));

test('keeps a ContextVar under a temporary binding, and never a ScopedValue', () =>
  runUnitOfWork({ kind: 'unit' }, () => {
    const read = function* () {
      yield text.get();
      yield role.get('fallback');
    };
    const bound = withTempContext([text.as('temporary'), role.as('admin')], () => [bindIterable(read())]);
    expect(bound[0]?.next().value).toBe('temporary');
    expect(() => bound[0]?.next()).toThrow(coreError('ERR_SCOPE_ENDED'));
  }));

test('an iterable is bound for each of its iterations, synchronous and asynchronous ones', async () => {
  class Rows {
    readonly #rows = ['a', 'b'];

    *[Symbol.iterator]() {
      for (const row of this.#rows) yield `${row} ${text.get()}`;
    }

    async *[Symbol.asyncIterator]() {
      for (const row of this.#rows) yield `${row} async ${text.get()}`;
    }

    get size() {
      return this.#rows.length;
    }
  }
  const rows = made('binder', () => bindIterable(new Rows()));
  await within('reader', async () => {
    for (let times = 0; times < 2; times++) {
      expect([...rows]).toEqual(['a binder', 'b binder']);
      const read: string[] = [];
      for await (const row of rows) read.push(row);
      expect(read).toEqual(['a async binder', 'b async binder']);
    }
  });
  expect([rows.size, rows instanceof Rows]).toEqual([2, true]);
});

test('an iterable whose iterators are no iterables themselves', () => {
  const countdown = {
    [Symbol.iterator]() {
      let left = 2;
      return { next: () => ({ value: `${left} ${text.get()}`, done: left-- === 0 }) };
    },
  };
  const bound = made('binder', () => bindIterable(countdown));
  expect(within('reader', () => [...bound])).toEqual(['2 binder', '1 binder']);
});

test('a query that can be awaited too is, where it was bound', async () => {
  const query = {
    then: (resolve: (value: string) => void) => resolve(`awaited ${text.get()}`),
    async *[Symbol.asyncIterator]() {
      yield `iterated ${text.get()}`;
    },
  };
  const bound = made('binder', () => bindIterable(query));
  await within('reader', async () => {
    expect(await (bound as unknown as PromiseLike<string>)).toBe('awaited binder');
    for await (const value of bound) expect(value).toBe('iterated binder');
  });
});

test('bound outside any context it runs outside any', () => {
  const bound = bindIterable(
    (function* () {
      yield [text.get(), currentUnit()];
    })(),
  );
  expect(within('reader', () => bound.next().value)).toEqual(['default', undefined]);
});

test('bound again it stays where it was bound first', () => {
  const bound = made('first', () => bindIterable(synchronous()));
  const again = made('second', () => bindIterable(bound));
  expect(within('reader', () => again.next().value)).toBe('first first');
});

test.each([undefined, null, 'text', 1, {}, () => {}, { next() {} }])('%p is refused', (wrong) => {
  expect(() => bindIterable(wrong as never)).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      message: expect.stringMatching(/^bindIterable: expected an iterable or an iterator that is one, got /),
    }),
  );
});
