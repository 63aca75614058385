import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { DiagLogLevel, diag, trace } from '@opentelemetry/api';
import { ContextVar, PreserveContext, WithTempContext } from 'nestjs-contextvars/core';
import { registerOpenTelemetry, Span, withSpan } from 'nestjs-contextvars/opentelemetry';
import {
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  mergeMap,
  Observable,
  of,
  take,
  throwError,
  toArray,
} from 'rxjs';
import { active, outcome, spanNamed, spans, tree, useSdk } from './support/tracing.js';

// What is lazy has its span while it is consumed, and no longer.

useSdk();
beforeAll(() => registerOpenTelemetry());

const text = new ContextVar<string>('text', { default: 'outside' });
const step = (name: string) => withSpan(name, () => {});
const open = () =>
  spans()
    .filter(({ ended }) => !ended)
    .map(({ name }) => name);

class Source {
  @Span('generator')
  *generator(): Generator<unknown> {
    step('first');
    yield active();
    step('second');
    yield active();
  }

  @Span('async generator')
  async *asyncGenerator(): AsyncGenerator<unknown> {
    await setImmediate();
    step('first');
    yield active();
    await setImmediate();
    step('second');
    yield active();
  }

  @Span('iterable')
  iterable(): AsyncIterable<unknown> {
    return {
      async *[Symbol.asyncIterator]() {
        await setImmediate();
        step('row');
        yield active();
      },
    };
  }

  @Span('observable')
  observable(): Observable<unknown> {
    return new Observable((subscriber) => {
      void (async () => {
        await setImmediate();
        step('row');
        subscriber.next(active());
        subscriber.complete();
      })();
    });
  }

  @Span('promise of a generator')
  async promised(): Promise<AsyncGenerator<unknown>> {
    await setImmediate();
    return (async function* () {
      await setImmediate();
      yield active();
    })();
  }

  @Span('thenable')
  query(): PromiseLike<unknown> {
    // Does its work when it is awaited, as a query builder does.
    return {
      async then(resolve) {
        await setImmediate();
        step('row');
        return resolve?.(active()) as never;
      },
    };
  }

  @Span('fails')
  *fails(): Generator<unknown> {
    yield 1;
    throw new Error('no more rows');
  }

  @Span('fails later')
  async *failsLater(): AsyncGenerator<unknown> {
    yield 1;
    await setImmediate();
    throw new Error('no more rows');
  }
}

const source = new Source();
const all = async (iterable: Iterable<unknown> | AsyncIterable<unknown>) => {
  const values: unknown[] = [];
  for await (const value of iterable) values.push([value, active()]);
  return values;
};

test('a generator', async () => {
  await withSpan('consumer', async () => {
    const generator = source.generator();
    expect(open()).toEqual(['consumer', 'generator']);
    const values: unknown[] = [];
    for (const value of generator) values.push([value, active()]);
    expect(values).toEqual(Array(2).fill(['generator', 'consumer']));
    expect(open()).toEqual(['consumer']);
  });
  expect(tree()).toEqual(['consumer', '  generator', '    first', '    second']);
});

test('an async generator', async () => {
  await withSpan('consumer', async () => {
    expect(await all(source.asyncGenerator())).toEqual(Array(2).fill(['async generator', 'consumer']));
    expect(open()).toEqual(['consumer']);
  });
  expect(tree()).toEqual(['consumer', '  async generator', '    first', '    second']);
});

test('a generator that is left early', async () => {
  for await (const _ of source.asyncGenerator()) break;
  for (const _ of source.generator()) break;
  expect(tree()).toEqual(['async generator', '  first', 'generator', '  first']);
  expect(open()).toEqual([]);
});

test('a promise of a generator', async () => {
  await withSpan('consumer', async () => {
    const generator = await source.promised();
    expect(open()).toEqual(['consumer', 'promise of a generator']);
    expect(await all(generator)).toEqual([['promise of a generator', 'consumer']]);
    expect(open()).toEqual(['consumer']);
  });
});

test('an async iterable: the first iteration has the span, each further one its own', async () => {
  await withSpan('consumer', async () => {
    const iterable = source.iterable();
    expect(open()).toEqual(['consumer', 'iterable']);
    for (const _ of [1, 2]) expect(await all(iterable)).toEqual([['iterable', 'consumer']]);
    expect(open()).toEqual(['consumer']);
  });
  expect(tree()).toEqual(['consumer', '  iterable', '    row', '  iterable', '    row']);
});

test('an Observable: the first subscription has the span, each further one its own', async () => {
  await withSpan('consumer', async () => {
    const observable = source.observable();
    expect(open()).toEqual(['consumer', 'observable']);
    const both = Promise.all(
      [1, 2].map(() => firstValueFrom(observable.pipe(map((value) => [value, active()])))),
    );
    expect(await both).toEqual(Array(2).fill(['observable', 'consumer']));
    expect(open()).toEqual(['consumer']);
  });
  expect(tree()).toEqual(['consumer', '  observable', '    row', '  observable', '    row']);
});

test('an Observable that is unsubscribed from', () => {
  const subscription = withSpan('never', () => new Observable<never>(() => {})).subscribe();
  expect(open()).toEqual(['never']);
  subscription.unsubscribe();
  expect(open()).toEqual([]);
});

test('an Observable that operators consume, several at once', async () => {
  const rows = withSpan('rows', () => from([1, 2, 3]));
  const details = (n: number) =>
    withSpan(`details ${n}`, () => of(n).pipe(map((value) => [value, active()])));
  const result = await withSpan('consumer', () =>
    lastValueFrom(rows.pipe(mergeMap(details), take(2), toArray())),
  );
  expect(result).toEqual([
    [1, 'details 1'],
    [2, 'details 2'],
  ]);
  expect(open()).toEqual([]);
});

test('a thenable', async () => {
  await withSpan('consumer', async () => {
    expect(await source.query()).toBe('thenable');
  });
  expect(tree()).toEqual(['consumer', '  thenable', '    row']);
});

describe('an error of the consumption is recorded', () => {
  const failed = { ended: true, status: 'ERROR', message: 'no more rows', exceptions: ['no more rows'] };
  const failing = () => throwError(() => new Error('no more rows'));

  test('of a generator', () => {
    expect(() => [...source.fails()]).toThrow('no more rows');
    expect(outcome(spanNamed('fails'))).toEqual(failed);
  });

  test('of an async generator', async () => {
    await expect(all(source.failsLater())).rejects.toThrow('no more rows');
    expect(outcome(spanNamed('fails later'))).toEqual(failed);
  });

  test('of an Observable', async () => {
    await expect(lastValueFrom(withSpan('observable', failing))).rejects.toThrow('no more rows');
    expect(outcome(spanNamed('observable'))).toEqual(failed);
  });

  test('of an Observable with an observer of its own', () => {
    const error = jest.fn();
    withSpan('observable', failing).subscribe({ error });
    expect(error).toHaveBeenCalledTimes(1);
    expect(outcome(spanNamed('observable'))).toEqual(failed);
  });
});

test('a stream: the span ends when it is returned, and inside it is read where it is read', async () => {
  await withSpan('consumer', async () => {
    const stream = await withSpan('opens', async () => Readable.from(source.asyncGenerator()));
    expect(open()).toEqual(['consumer', 'async generator']);
    expect(await textOf(stream)).toBe('async generator'.repeat(2));
    expect(open()).toEqual(['consumer']);
  });
  expect(tree()).toEqual(['consumer', '  opens', '    async generator', '      first', '      second']);
});

test('with a temporary scope and a preserved call, in either order', async () => {
  class Both {
    @Span('span around')
    @WithTempContext(text.as('inside'))
    async *spanAround(): AsyncGenerator<unknown> {
      await setImmediate();
      yield [active(), text.get()];
    }

    @WithTempContext(text.as('inside'))
    @Span('scope around')
    async *scopeAround(): AsyncGenerator<unknown> {
      await setImmediate();
      yield [active(), text.get()];
    }

    @PreserveContext()
    @Span('preserved')
    async *preserved(): AsyncGenerator<unknown> {
      await setImmediate();
      yield [active(), text.get()];
    }
  }
  const both = new Both();
  await withSpan('consumer', async () => {
    expect(await all(both.spanAround())).toEqual([[['span around', 'inside'], 'consumer']]);
    expect(await all(both.scopeAround())).toEqual([[['scope around', 'inside'], 'consumer']]);
    expect(await all(both.preserved())).toEqual([[['preserved', 'outside'], 'consumer']]);
  });
  expect(tree()).toEqual(['consumer', '  span around', '  scope around', '  preserved']);
});

test('the SDK is never told twice of an end', async () => {
  const warnings: unknown[] = [];
  const log = (...args: unknown[]) => void warnings.push(args);
  diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, DiagLogLevel.WARN);
  const iterator = source.generator();
  for (const _ of iterator) break;
  iterator.return(undefined);
  const observable = source.observable();
  await lastValueFrom(observable);
  await expect(all(source.failsLater())).rejects.toThrow();
  diag.disable();
  expect(warnings).toEqual([]);
  expect(trace.getActiveSpan()).toBeUndefined();
});
