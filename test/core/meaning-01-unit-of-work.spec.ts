// What a unit of work is, when one begins and whose Context it starts from.

import { setImmediate } from 'node:timers/promises';
import {
  AsUnitOfWork,
  Context,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  gather,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  type UnitOfWork,
  withTempContext,
} from '../../src/core/index.js';
import { endings, resultOf } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';
import { startingStates } from './support/starting-states.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const text = new ContextVar<string>('text', { default: 'unset' });
const role = new ScopedValue<string>('role');

function unit(): UnitOfWork {
  const current = currentUnit();
  if (current === undefined) throw new Error('no unit of work here');
  return current;
}

class Consumer {
  @AsUnitOfWork({ kind: 'message' })
  handle(body: () => unknown): unknown {
    return body();
  }

  @AsUnitOfWork({ kind: 'message', id: (message: { id: string }) => message.id })
  withId(_message: { id: string }): UnitOfWork {
    return unit();
  }
}

type Open = (body: () => unknown) => unknown;

/** What begins a unit of work wherever it is called. */
const openers: readonly (readonly [name: string, open: Open, kind: string, starts: 'empty' | 'copy'])[] = [
  ['runUnitOfWork', (body) => runUnitOfWork({ kind: 'job' }, body), 'job', 'empty'],
  ['@AsUnitOfWork', (body) => new Consumer().handle(body), 'message', 'empty'],
  ['createTask', (body) => createTask(body), 'task', 'copy'],
  ['preserveContext', (body) => preserveContext(body)(), 'preserved', 'copy'],
];

/** What begins one only where none is active. */
const joiners: readonly (readonly [name: string, open: Open, kind: string])[] = [
  ['new Context().run', (body) => new Context().run(body), 'context'],
  ['copyContext().run', (body) => copyContext().run(body), 'context'],
  ['ContextVar.run', (body) => text.run('run', body), 'run'],
  ['ScopedValue.run', (body) => role.run('temporary', body), 'temporary'],
  ['withTempContext', (body) => withTempContext([text.as('temporary')], body), 'temporary'],
  ['gather', async (body) => (await gather([body]))[0], 'gather'],
];

describe.each(startingStates)('in %s', (state, start) => {
  describe.each(openers)('%s', (_name, open, kind, starts) => {
    test('begins a unit of work of its own, of its kind, with a UUID as id', () =>
      start(async () => {
        const outer = currentUnit();
        let inner: UnitOfWork | undefined;
        await open(() => {
          inner = unit();
        });
        expect(inner).not.toBe(outer);
        expect(inner?.kind).toBe(kind);
        expect(inner?.id).toMatch(UUID);
        expect(currentUnit()).toBe(outer);
      }));

    test(starts === 'copy' ? 'starts from a copy of the current context' : 'starts empty', () =>
      start(async () => {
        const set = state !== 'no context';
        if (set) text.set('outer');
        await open(() => {
          expect(text.get()).toBe(set && starts === 'copy' ? 'outer' : 'unset');
          text.set('inner');
          expect(text.get()).toBe('inner');
        });
        expect(text.get()).toBe(set ? 'outer' : 'unset');
      }),
    );
  });

  describe.each<readonly [string, Open]>([...openers, ...joiners].map(([name, open]) => [name, open]))(
    '%s',
    (_name, open) => {
      test.each(endings)('gives what the call comes to, when it %s', (how, end) =>
        start(async () => {
          expect(await outcomeOf(() => open(end))).toEqual(resultOf(how));
        }),
      );
    },
  );

  describe.each(openers)('%s', (_name, open) => {
    test.each(endings)('ends its unit when the call %s, and not before', (_how, end) =>
      start(async () => {
        let seen: UnitOfWork | undefined;
        const during: boolean[] = [];
        await outcomeOf(() =>
          open(() =>
            end(() => {
              seen = unit();
              during.push(seen.ended, seen.signal.aborted);
            }),
          ),
        );
        expect(during).toEqual([false, false]);
        expect(seen?.ended).toBe(true);
        expect(seen?.signal.aborted).toBe(true);
      }),
    );
  });
});

describe.each(joiners)('outside any unit of work, %s', (_name, open, kind) => {
  test.each(endings)('begins one that ends when the call %s', async (_how, end) => {
    expect(currentUnit()).toBeUndefined();
    let seen: UnitOfWork | undefined;
    const during: boolean[] = [];
    await outcomeOf(() =>
      open(() =>
        end(() => {
          seen = unit();
          during.push(seen.ended);
        }),
      ),
    );
    expect(seen?.kind).toBe(kind);
    expect(during).toEqual([false]);
    expect(seen?.ended).toBe(true);
    expect(currentUnit()).toBeUndefined();
  });
});

describe.each(joiners)('inside a unit of work, %s', (_name, open) => {
  test.each(endings)('stays in it, and leaves it running when the call %s', (_how, end) =>
    runUnitOfWork({ kind: 'outer' }, async () => {
      const outer = unit();
      let inner: UnitOfWork | undefined;
      await outcomeOf(() =>
        open(() =>
          end(() => {
            inner = unit();
          }),
        ),
      );
      expect(inner).toBe(outer);
      expect(outer.ended).toBe(false);
      expect(outer.signal.aborted).toBe(false);
    }),
  );
});

describe('a Context', () => {
  test('belongs to the unit in which it was made: entering it from another one joins that unit', () =>
    runUnitOfWork({ kind: 'owner' }, async () => {
      const owner = unit();
      const context = new Context();
      await runUnitOfWork({ kind: 'other' }, async () => {
        expect(unit().kind).toBe('other');
        expect(context.run(currentUnit)).toBe(owner);
        expect(await context.run(async () => setImmediate().then(currentUnit))).toBe(owner);
      });
    }));

  test('made and entered outside any begins a unit at each outermost entry, and keeps its values', async () => {
    const context = new Context();
    const first = context.run(() => {
      text.set('kept');
      return unit();
    });
    const [second, nested, value] = await context.run(async () => {
      await setImmediate();
      return [unit(), context.run(unit), text.get()] as const;
    });
    expect(second).not.toBe(first);
    expect(nested).toBe(second);
    expect(value).toBe('kept');
    expect([first.ended, second.ended]).toEqual([true, true]);
  });

  test('whose unit has ended begins another one', async () => {
    const context = runUnitOfWork({ kind: 'short' }, () => {
      text.set('from the short one');
      return copyContext();
    });
    const inside = context.run(() => [unit().kind, unit().ended, text.get()]);
    expect(inside).toEqual(['context', false, 'from the short one']);
  });
});

describe('runUnitOfWork', () => {
  test('starts empty inside another unit too', () =>
    runUnitOfWork({ kind: 'outer' }, () => {
      text.set('outer');
      role.bind('admin');
      runUnitOfWork({ kind: 'inner' }, () => {
        expect(text.get()).toBe('unset');
        expect(role.get(null)).toBeNull();
        expect(copyContext().size).toBe(0);
      });
    }));

  test('takes an id', () => {
    expect(runUnitOfWork({ kind: 'job', id: 'job-7' }, unit).id).toBe('job-7');
  });

  test('runs in the given Context itself', () => {
    const context = new Context();
    context.run(() => text.set('before'));
    runUnitOfWork({ kind: 'job', context }, () => {
      expect(text.get()).toBe('before');
      text.set('after');
    });
    expect(context.get(text)).toBe('after');
  });

  test('is the unit that entering the given Context joins while it runs', () => {
    const context = new Context();
    runUnitOfWork({ kind: 'job', context }, () => {
      expect(context.run(unit)).toBe(unit());
    });
  });
});

describe('@AsUnitOfWork', () => {
  test('makes the id from the arguments of the call', () => {
    expect(new Consumer().withId({ id: 'message-1' }).id).toBe('message-1');
  });

  test('begins a unit for each call', () => {
    const consumer = new Consumer();
    expect(consumer.handle(unit)).not.toBe(consumer.handle(unit));
  });

  test('keeps this, arguments, name and length of the method', () => {
    const self = new Consumer();
    class Keeper {
      @AsUnitOfWork({ kind: 'keeper' })
      method(a: number, b: number): unknown[] {
        return [this, a, b];
      }
    }
    const keeper = new Keeper();
    expect(keeper.method(1, 2)).toEqual([keeper, 1, 2]);
    expect([Keeper.prototype.method.name, Keeper.prototype.method.length]).toEqual(['method', 2]);
    expect(self.withId.name).toBe('withId');
  });
});

describe('currentUnit', () => {
  test('is the same object for as long as the unit runs, across every kind of asynchronous step', () =>
    runUnitOfWork({ kind: 'steps' }, async () => {
      const here = unit();
      const seen = [
        await Promise.resolve().then(currentUnit),
        await setImmediate().then(currentUnit),
        await new Promise((resolve) => process.nextTick(() => resolve(currentUnit()))),
        await new Promise((resolve) => queueMicrotask(() => resolve(currentUnit()))),
        await new Promise((resolve) => setTimeout(() => resolve(currentUnit()), 1)),
      ];
      expect(seen.map((one) => one === here)).toEqual([true, true, true, true, true]);
    }));

  test('says when the unit began', () => {
    const before = Date.now();
    const { startedAt } = runUnitOfWork({ kind: 'clock' }, unit);
    expect(startedAt).toBeInstanceOf(Date);
    // The clock of the process and that of the system may differ by a little.
    expect(Math.abs(startedAt.getTime() - before)).toBeLessThan(1000);
  });
});
