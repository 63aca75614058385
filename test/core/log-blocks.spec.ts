// withLogContext: each key as a ContextVar under withTempContext would be.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { firstValueFrom, Observable, toArray } from 'rxjs';
import {
  bindContext,
  bindLogContext,
  ContextVar,
  clearLogContext,
  copyContext,
  createTask,
  currentUnit,
  gather,
  getLogContext,
  logFields,
  preserveContext,
  resetLogContext,
  runUnitOfWork,
  type ScopeMessage,
  unbindLogContext,
  withLogContext,
} from '../../src/core/index.js';
import { storage } from '../../src/core/storage.js';
import { coreError } from './support/core-error.js';
import { endings, resultOf } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';
import { activeStates, startingStates } from './support/starting-states.js';

describe.each(startingStates)('starting in %s', (_, start) => {
  test.each(endings)('the fields are there until the call %s', async (how, end) => {
    await start(async () => {
      const before = getLogContext();
      let inside: unknown;
      const outcome = await outcomeOf(() =>
        withLogContext({ step: 'charge' }, () =>
          end(() => {
            inside = getLogContext();
          }),
        ),
      );
      expect(outcome).toEqual(resultOf(how));
      expect(inside).toEqual({ ...before, step: 'charge' });
      expect(getLogContext()).toEqual(before);
    });
  });

  test('no fields at all are no error', () => {
    expect(start(() => withLogContext({}, () => 'result'))).toBe('result');
  });
});

describe.each(activeStates)('starting in %s', (_, start) => {
  test('other keys that are bound inside stay, those of the block end with it', () => {
    start(() => {
      bindLogContext({ step: 'outside', kept: 0 });
      withLogContext({ step: 'inside', only: 1 }, () => {
        bindLogContext({ step: 'changed', only: 2, kept: 1, added: 1 });
        expect(getLogContext()).toEqual({ step: 'changed', only: 2, kept: 1, added: 1 });
      });
      expect(getLogContext()).toEqual({ step: 'outside', kept: 1, added: 1 });
    });
  });

  test('unbind inside: a key of the block for the block, another one for good', () => {
    start(() => {
      bindLogContext({ step: 'outside', other: 1 });
      withLogContext({ step: 'inside' }, () => {
        unbindLogContext('step', 'other');
        expect(getLogContext()).toEqual({});
        bindLogContext({ step: 'again' });
        expect(getLogContext()).toEqual({ step: 'again' });
      });
      expect(getLogContext()).toEqual({ step: 'outside' });
    });
  });

  test('clear inside: keys of the block for the block, others for good', () => {
    start(() => {
      bindLogContext({ step: 'outside', other: 1 });
      withLogContext({ step: 'inside' }, () => {
        clearLogContext();
        expect(getLogContext()).toEqual({});
      });
      expect(getLogContext()).toEqual({ step: 'outside' });
    });
  });

  test('of nested blocks the innermost of a key counts, also for binds and unbinds', () => {
    start(() => {
      withLogContext({ a: 1, b: 1 }, () => {
        withLogContext({ b: 2 }, () => {
          expect(getLogContext()).toEqual({ a: 1, b: 2 });
          bindLogContext({ a: 10 });
          unbindLogContext('b');
          expect(getLogContext()).toEqual({ a: 10 });
          clearLogContext();
          expect(getLogContext()).toEqual({});
        });
        expect(getLogContext()).toEqual({ b: 1 });
      });
      expect(getLogContext()).toEqual({});
    });
  });

  test('siblings never see the fields, and overlapping blocks do not disturb each other', () =>
    start(async () => {
      const block = (step: string, turns: number) =>
        withLogContext({ step }, async () => {
          const seen: unknown[] = [];
          for (let i = 0; i < turns; i++) {
            seen.push(getLogContext().step);
            await setImmediate();
          }
          return seen;
        });
      const [a, sibling, b] = await Promise.all([
        block('a', 3),
        setImmediate().then(() => getLogContext()),
        block('b', 5),
      ]);
      expect([a, sibling, b]).toEqual([Array(3).fill('a'), {}, Array(5).fill('b')]);
      expect(getLogContext()).toEqual({});
    }));

  test('work left running has what is outside, from the microtask on in which the call settles', () =>
    start(async () => {
      bindLogContext({ step: 'outside' });
      const seen: unknown[] = [];
      let late: Promise<void> | undefined;
      const call = withLogContext({ step: 'inside', more: 1 }, async () => {
        late = (async () => {
          seen.push(getLogContext());
          await setImmediate();
          await setImmediate();
          seen.push(getLogContext());
        })();
        await setImmediate();
      });
      await call;
      expect(getLogContext()).toEqual({ step: 'outside' });
      await late;
      expect(seen).toEqual([{ step: 'inside', more: 1 }, { step: 'outside' }]);
    }));

  describe('in work that a block has left running', () => {
    const afterEnd = (body: () => void): Promise<void> =>
      start(async () => {
        bindLogContext({ step: 'outside' });
        let late: Promise<void> | undefined;
        withLogContext({ step: 'inside', gone: 1 }, () => {
          const token = bindLogContext({ step: 'changed' });
          late = setImmediate().then(() => {
            body();
            expect(() => resetLogContext(token)).toThrow(coreError('ERR_SCOPE_ENDED'));
          });
        });
        await late;
      });

    test('binding one of its keys is ERR_SCOPE_ENDED, and binds none of the others', () =>
      afterEnd(() => {
        expect(() => bindLogContext({ other: 1, step: 'late' })).toThrow(coreError('ERR_SCOPE_ENDED'));
        expect(getLogContext()).toEqual({ step: 'outside' });
      }));

    test('other keys can be bound', () =>
      afterEnd(() => {
        bindLogContext({ other: 1 });
        expect(getLogContext()).toEqual({ step: 'outside', other: 1 });
      }));

    test('unbinding a key that is bound outside too is ERR_SCOPE_ENDED; one that is gone is no error', () =>
      afterEnd(() => {
        expect(() => unbindLogContext('step')).toThrow(coreError('ERR_SCOPE_ENDED'));
        unbindLogContext('gone');
        expect(getLogContext()).toEqual({ step: 'outside' });
      }));

    test('clear takes away what is seen there', () =>
      afterEnd(() => {
        clearLogContext();
        expect(getLogContext()).toEqual({});
      }));

    test('a block of its own can be opened', () =>
      afterEnd(() => {
        withLogContext({ step: 'own' }, () => expect(getLogContext()).toEqual({ step: 'own' }));
      }));
  });

  test.each([
    ['createTask', (fn: () => unknown) => createTask(fn)],
    ['preserveContext', (fn: () => unknown) => preserveContext(fn)()],
    ['copyContext().run', (fn: () => unknown) => copyContext().run(fn)],
    ['bindContext', (fn: () => unknown) => bindContext(fn)()],
  ])('%s keeps the fields that it saw, after the end of the block too', async (_, run) => {
    await start(async () => {
      const seen: unknown[] = [];
      let work: unknown;
      await withLogContext({ step: 'captured' }, async () => {
        work = run(async () => {
          seen.push(getLogContext());
          await setImmediate();
          await setImmediate();
          seen.push(getLogContext());
          bindLogContext({ step: 'own' });
          seen.push(getLogContext());
          unbindLogContext('step');
          seen.push(getLogContext());
        });
      });
      expect(getLogContext()).toEqual({});
      await work;
      expect(seen).toEqual([{ step: 'captured' }, { step: 'captured' }, { step: 'own' }, {}]);
      expect(getLogContext()).toEqual({});
    });
  });

  test('branches of gather in a block have their own of its keys', () =>
    start(() =>
      withLogContext({ step: 'block' }, async () => {
        const branch = (step: string) => async () => {
          bindLogContext({ step });
          await setImmediate();
          return getLogContext();
        };
        expect(await gather([branch('a'), branch('b')])).toEqual([{ step: 'a' }, { step: 'b' }]);
        expect(getLogContext()).toEqual({ step: 'block' });
      }),
    ));
});

describe('lazy results keep the fields while they are consumed', () => {
  const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);

  test('a generator', () =>
    inUnit(() => {
      const steps = withLogContext({ step: 'lazy' }, function* () {
        yield getLogContext();
        bindLogContext({ step: 'changed' });
        yield getLogContext();
      });
      expect([...steps]).toEqual([{ step: 'lazy' }, { step: 'changed' }]);
      expect(getLogContext()).toEqual({});
    }));

  test('an async generator', () =>
    inUnit(async () => {
      const seen: unknown[] = [];
      const steps = withLogContext({ step: 'lazy' }, async function* () {
        yield getLogContext();
        await setImmediate();
        yield getLogContext();
      });
      for await (const step of steps) seen.push(step, getLogContext());
      expect(seen).toEqual([{ step: 'lazy' }, {}, { step: 'lazy' }, {}]);
    }));

  test('each subscription of an Observable', () =>
    inUnit(async () => {
      const source = withLogContext(
        { step: 'lazy' },
        () =>
          new Observable((subscriber) => {
            subscriber.next(getLogContext());
            bindLogContext({ step: 'changed' });
            subscriber.next(getLogContext());
            subscriber.complete();
          }),
      );
      for (let i = 0; i < 2; i++) {
        expect(await firstValueFrom(source.pipe(toArray()))).toEqual([{ step: 'lazy' }, { step: 'changed' }]);
      }
      expect(getLogContext()).toEqual({});
    }));

  test('a stream is refused', () =>
    inUnit(() => {
      expect(() => withLogContext({ step: 'lazy' }, () => Readable.from(['a']))).toThrow(
        coreError('ERR_LAZY_RESULT'),
      );
      expect(getLogContext()).toEqual({});
    }));
});

test('lines in one block after another, with no line between them, have the fields of their own', () => {
  runUnitOfWork({ kind: 'test', id: 'u' }, () => {
    const lines = [
      withLogContext({ a: 1 }, logFields),
      withLogContext({ b: 1 }, logFields),
      withLogContext({ b: 2 }, logFields),
      withLogContext({ b: 2 }, () => withLogContext({ a: 1 }, logFields)),
      withLogContext({ b: 2 }, logFields),
      logFields(),
    ];
    const requestId = 'u';
    expect(lines).toEqual([
      { requestId, a: 1 },
      { requestId, b: 1 },
      { requestId, b: 2 },
      { requestId, a: 1, b: 2 },
      { requestId, b: 2 },
      { requestId },
    ]);
  });
});

test('a Context that was copied in a block, read as a Map, does not show its keys; printed it does', () => {
  const tenant = new ContextVar<string>('tenant');
  runUnitOfWork({ kind: 'test' }, () => {
    tenant.set('acme');
    const [copy, other] = withLogContext({ step: 1 }, () => [copyContext(), copyContext()] as const);
    expect([[...copy.keys()], copy.size]).toEqual([[tenant], 1]);
    expect([copy.equals(other), other.equals(copyContext())]).toEqual([true, true]);
    expect(inspect(copy)).toBe("Context(1) { 'tenant' => 'acme', log: { step: 1 } }");
    expect(inspect(copyContext())).toBe("Context(1) { 'tenant' => 'acme' }");
  });
});

test('outside any context a unit of work begins and ends with the block', async () => {
  const unit = await withLogContext({ step: 'import' }, async () => {
    await setImmediate();
    expect(logFields()).toEqual({ requestId: currentUnit()?.id, step: 'import' });
    return currentUnit();
  });
  expect(unit?.ended).toBe(true);
  expect(currentUnit()).toBeUndefined();
});

test('a block that never settles ends with its unit of work', async () => {
  let late: Promise<unknown> | undefined;
  runUnitOfWork({ kind: 'test' }, () => {
    bindLogContext({ step: 'outside' });
    void withLogContext({ step: 'inside' }, () => {
      late = setImmediate().then(getLogContext);
      return new Promise(() => {});
    });
  });
  expect(await late).toEqual({ step: 'outside' });
});

test('variables that are set inside stay set', () => {
  const tenant = new ContextVar<string>('tenant');
  runUnitOfWork({ kind: 'test' }, () => {
    withLogContext({ step: 1 }, () => tenant.set('acme'));
    expect(tenant.get()).toBe('acme');
  });
});

test.each([[undefined], [null], [1], [[]], ['fields'], [new Map()]])(
  'wrong fields %# are a TypeError',
  (wrong) => {
    const fn = jest.fn();
    expect(() => withLogContext(wrong as never, fn)).toThrow(TypeError);
    expect(fn).not.toHaveBeenCalled();
  },
);

test.each([[undefined], [null], [1], ['fn'], [{}]])('a wrong function %# is a TypeError', (wrong) => {
  expect(() => withLogContext({ a: 1 }, wrong as never)).toThrow(TypeError);
});

test('work that reschedules itself inside its own block grows no chain', () => {
  const depth = (): number => {
    let count = 0;
    for (let at = storage.getStore(); at?.slot !== undefined; at = at.outer) count += 1;
    return count;
  };
  runUnitOfWork({ kind: 'test' }, () => {
    let again = (): void => {};
    for (let i = 0; i < 50; i++) {
      again();
      withLogContext({ round: i, step: 'poll' }, () => {
        again = bindContext(() => {});
        const here = storage.getStore();
        again = () => here && storage.run(here, () => expect(depth()).toBeLessThanOrEqual(2));
      });
    }
    let here = storage.getStore();
    for (let i = 0; i < 50; i++) {
      const from = here;
      if (from === undefined) throw new Error('expected a unit of work');
      here = storage.run(from, () =>
        withLogContext({ round: i, step: 'poll' }, () => {
          expect(depth()).toBeLessThanOrEqual(4);
          return { frame: storage.getStore() };
        }),
      ).frame;
    }
  });
});

describe('diagnostics', () => {
  test('show the keys of a block and their safe values', () => {
    const messages: ScopeMessage[] = [];
    const listen = (message: unknown): void => void messages.push(message as ScopeMessage);
    const channels = ['nestjs-contextvars:scope:start', 'nestjs-contextvars:scope:end'];
    for (const name of channels) subscribe(name, listen);
    try {
      runUnitOfWork({ kind: 'test' }, () =>
        withLogContext({ orderId: 7, big: 'x'.repeat(5000) }, () => {
          bindLogContext({ orderId: 8 });
          unbindLogContext('big');
        }),
      );
    } finally {
      for (const name of channels) unsubscribe(name, listen);
    }
    expect(messages.map(({ bindings }) => bindings.map(({ name }) => name))).toEqual([
      ['log.orderId', 'log.big'],
      ['log.orderId', 'log.big'],
    ]);
    expect(messages[0]?.bindings.map(({ value }) => value)).toEqual([7, `${'x'.repeat(1009)}…[5000 bytes]`]);
    expect(messages[1]?.bindings.map(({ value }) => value)).toEqual([8, undefined]);
  });
});

test('keys stand in the order in which they were bound, outer blocks first, in a copy of the context too', () => {
  runUnitOfWork({ kind: 'test' }, () => {
    bindLogContext({ first: 1, second: 2 });
    withLogContext({ third: 3, fourth: 4 }, () =>
      withLogContext({ fifth: 5 }, () => {
        const order = ['first', 'second', 'third', 'fourth', 'fifth'];
        expect(Object.keys(getLogContext())).toEqual(order);
        expect(Object.keys(copyContext().run(() => getLogContext()))).toEqual(order);
      }),
    );
  });
});
