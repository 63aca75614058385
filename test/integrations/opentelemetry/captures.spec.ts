import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import {
  AsUnitOfWork,
  bindContext,
  bindEmitter,
  bindIterable,
  Context,
  ContextVar,
  copyContext,
  createTask,
  gather,
  PreserveContext,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from 'nestjs-contextvars/core';
import { registerOpenTelemetry, withSpan } from 'nestjs-contextvars/opentelemetry';
import { active, inSpan, tree, useSdk } from './support/tracing.js';

useSdk();
beforeAll(() => registerOpenTelemetry());

const text = new ContextVar<string>('text');
const role = new ScopedValue<string>('role');

class Service {
  @PreserveContext()
  async preserved(body: () => unknown): Promise<unknown> {
    return body();
  }

  @AsUnitOfWork({ kind: 'consumer' })
  async consume(body: () => unknown): Promise<unknown> {
    return body();
  }
}

const service = new Service();

/** Captured by the first call, run by the second, which may be made from anywhere. */
const captures: readonly (readonly [what: string, capture: (body: () => unknown) => () => unknown])[] = [
  ['bindContext', (body) => bindContext(body)],
  [
    'copyContext and run',
    (body) => {
      const copy = copyContext();
      return () => copy.run(body);
    },
  ],
  [
    'a copy of a copied Context',
    (body) => {
      const copy = copyContext().copy();
      return () => copy.run(body);
    },
  ],
  [
    'createTask in a copied Context',
    (body) => {
      const context = copyContext();
      return () => createTask(body, { context });
    },
  ],
  [
    'runUnitOfWork in a copied Context',
    (body) => {
      const context = copyContext();
      return () => runUnitOfWork({ kind: 'later' }, () => runUnitOfWork({ kind: 'copy', context }, body));
    },
  ],
  [
    'a listener of bindEmitter',
    (body) => {
      const emitter = bindEmitter(new EventEmitter());
      const result = new Promise((resolve, reject) => {
        emitter.on('event', () => {
          try {
            resolve(body());
          } catch (error) {
            reject(error);
          }
        });
      });
      return () => {
        emitter.emit('event');
        return result;
      };
    },
  ],
  [
    'bindIterable',
    (body) => {
      const iterator = bindIterable(
        (function* () {
          yield body();
        })(),
      );
      return () => iterator.next().value;
    },
  ],
];

const places: readonly (readonly [where: string, enter: <R>(fn: () => R) => R])[] = [
  ['in a unit of work', (fn) => runUnitOfWork({ kind: 'test' }, fn)],
  ['outside any', (fn) => fn()],
];

describe.each(places)('%s', (_where, enter) => {
  test.each(captures)('%s has the span that was active at the capture', async (_what, capture) => {
    const names = await enter(async () => {
      const later = inSpan('captured', (span) => {
        const run = capture(async () => {
          const before = active();
          await setImmediate();
          return [before, active()];
        });
        span.end();
        return run;
      });
      return inSpan('caller', async (span) => {
        const result = await later();
        span.end();
        return [result, active()];
      });
    });

    expect(names).toEqual([['captured', 'captured'], 'caller']);
  });

  test.each(captures)('%s has none where none was', async (_what, capture) => {
    const result = await enter(() => {
      const later = capture(active);
      return inSpan('caller', (span) => {
        const pending = later();
        span.end();
        return pending;
      });
    });

    expect(result).toBeUndefined();
  });

  test('parents are right over await, Promise.all, gather, tasks and preserved calls', async () => {
    const leaf = (name: string) => async () => {
      await setImmediate();
      await withSpan(name, () => setImmediate());
    };
    await enter(() =>
      withSpan('root', async () => {
        await leaf('awaited')();
        await Promise.all([leaf('all 1')(), withSpan('all 2', leaf('all 2.1'))]);
        await gather([leaf('gathered 1'), () => withSpan('gathered 2', leaf('gathered 2.1'))]);
        await createTask(leaf('task'));
        await createTask(() => withSpan('task 2', () => createTask(leaf('task 2.1'))));
        await service.preserved(leaf('preserved'));
        await preserveContext(leaf('preserved function'))();
        await text.run('value', leaf('run'));
        await withTempContext([text.as('value'), role.as('admin')], leaf('temporary'));
        await copyContext().run(leaf('copy'));
      }),
    );

    expect(tree()).toEqual([
      'root',
      '  awaited',
      '  all 2',
      '    all 2.1',
      '  all 1',
      '  gathered 2',
      '    gathered 2.1',
      '  gathered 1',
      '  task',
      '  task 2',
      '    task 2.1',
      '  preserved',
      '  preserved function',
      '  run',
      '  temporary',
      '  copy',
    ]);
  });
});

test('a task that outlives its span is its child all the same', async () => {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const task = await runUnitOfWork({ kind: 'test' }, () =>
    withSpan('request', async () => {
      const left = createTask(async () => {
        await gate;
        return withSpan('left running', () => active());
      });
      return { left };
    }),
  );
  expect(tree()).toEqual(['request']);
  release();
  await expect(task.left).resolves.toBe('left running');
  expect(tree()).toEqual(['request', '  left running']);
});

describe('what begins empty begins without a span', () => {
  const empty: readonly (readonly [what: string, begin: <R>(fn: () => R) => unknown])[] = [
    ['runUnitOfWork', (fn) => runUnitOfWork({ kind: 'empty' }, fn)],
    ['@AsUnitOfWork', (fn) => service.consume(fn)],
    ['a new Context', (fn) => new Context().run(fn)],
  ];

  describe.each(places)('%s', (_where, enter) => {
    test.each(empty)('%s', async (_what, begin) => {
      const body = async () => {
        const before = active();
        await setImmediate();
        withSpan('inside', () => {});
        return [before, active()];
      };
      await enter(() =>
        withSpan('around', async () => {
          expect(await begin(body)).toEqual([undefined, undefined]);
          expect(active()).toBe('around');
        }),
      );
      expect(tree()).toEqual(['around', 'inside']);
    });
  });

  test('a unit of work that has a span of its own by then does not change that of the one around', () =>
    withSpan('outer', () => {
      runUnitOfWork({ kind: 'inner' }, () => withSpan('inner', () => {}));
      expect(active()).toBe('outer');
    }));
});

test('two interleaved traces each have their own parents', async () => {
  const turns: (() => void)[] = [];
  const turn = () => new Promise<void>((resolve) => turns.push(resolve));
  const request = (name: string) =>
    runUnitOfWork({ kind: 'request', id: name }, () =>
      withSpan(`${name} root`, async () => {
        await turn();
        await withSpan(`${name} middle`, async () => {
          await turn();
          await createTask(() => withSpan(`${name} leaf`, turn));
        });
      }),
    );
  const both = Promise.all([request('a'), request('b')]);
  for (let rounds = 0; rounds < 3; rounds++) {
    await setImmediate();
    // The one that began last goes on first.
    for (const go of turns.splice(0).reverse()) go();
  }
  await both;

  expect(tree()).toEqual(['a root', '  a middle', '    a leaf', 'b root', '  b middle', '    b leaf']);
  expect(trace.getActiveSpan()).toBeUndefined();
});
