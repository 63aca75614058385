// A set is for the unit of work; gather and createTask fork.

import { setImmediate } from 'node:timers/promises';
import {
  ContextVar,
  createTask,
  currentUnit,
  gather,
  runUnitOfWork,
  withTempContext,
} from '../../src/core/index.js';
import { coreError } from './support/core-error.js';
import { endings, FAILURE, resultOf } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';
import { activeStates, startingStates } from './support/starting-states.js';

const text = new ContextVar<string>('text', { default: 'default' });
const other = new ContextVar<string>('other', { default: 'default' });

describe('set', () => {
  test('outside any context is an error that changes nothing', () => {
    expect(() => text.set('lost')).toThrow(coreError('ERR_NO_ACTIVE_CONTEXT'));
    expect(() => text.set('lost')).toThrow(/ContextVar 'text'.*run\(value, fn\)/);
    expect(text.get()).toBe('default');
  });

  describe.each(activeStates)('in %s', (_state, start) => {
    test.each(endings)('by a callee that %s is seen by the caller that awaited it', (_how, end) =>
      start(async () => {
        text.set('caller');
        await outcomeOf(() => end(() => text.set('callee')));
        expect(text.get()).toBe('callee');
        await setImmediate();
        expect(text.get()).toBe('callee');
      }),
    );

    test('is seen by the caller before and after the first await of the callee', () =>
      start(async () => {
        const callee = async (): Promise<void> => {
          text.set('before');
          await setImmediate();
          text.set('after');
        };
        const pending = callee();
        expect(text.get()).toBe('before');
        await pending;
        expect(text.get()).toBe('after');
      }));

    test('by callees ten awaits deep is seen at the top', () =>
      start(async () => {
        const descend = async (depth: number): Promise<void> => {
          await setImmediate();
          if (depth === 0) text.set('from below');
          else await descend(depth - 1);
        };
        await descend(10);
        expect(text.get()).toBe('from below');
      }));

    test('by a timer, an immediate, a tick and a microtask of the unit is seen in it', () =>
      start(async () => {
        const schedulers: readonly ((call: () => void) => unknown)[] = [
          (call) => setTimeout(call, 1),
          (call) => globalThis.setImmediate(call),
          (call) => process.nextTick(call),
          (call) => queueMicrotask(call),
        ];
        for (const [i, schedule] of schedulers.entries()) {
          await new Promise<void>((resolve) =>
            schedule(() => {
              text.set(`scheduler ${i}`);
              resolve();
            }),
          );
          expect(text.get()).toBe(`scheduler ${i}`);
        }
      }));

    test('by a branch of Promise.all is shared by all branches', () =>
      start(async () => {
        const branch = async (value: string): Promise<string> => {
          text.set(value);
          await setImmediate();
          return text.get();
        };
        expect(await Promise.all([branch('a'), branch('b')])).toEqual(['b', 'b']);
        expect(text.get()).toBe('b');
      }));

    test('can be undefined, which is a value and not unset', () =>
      start(() => {
        const maybe = text as unknown as ContextVar<string | undefined>;
        const token = maybe.set(undefined);
        expect(maybe.get()).toBeUndefined();
        expect(maybe.get('fallback')).toBeUndefined();
        maybe.reset(token);
        expect(maybe.get()).toBe('default');
        expect(maybe.get('fallback')).toBe('fallback');
      }));
  });
});

describe('get', () => {
  const bare = new ContextVar<string | undefined>('bare');
  const undefinedByDefault = new ContextVar<string | undefined>('undefined by default', {
    default: undefined,
  });

  test.each(startingStates)(
    'in %s gives the default, a fallback before it, and else an error',
    (_state, start) =>
      start(() => {
        expect(text.get()).toBe('default');
        expect(text.get('fallback')).toBe('fallback');
        expect(text.get(undefined)).toBeUndefined();
        expect(bare.get('fallback')).toBe('fallback');
        expect(bare.get(undefined)).toBeUndefined();
        expect(() => bare.get()).toThrow(coreError('ERR_VAR_UNSET'));
        expect(() => bare.get()).toThrow(/ContextVar 'bare'.*set it, give it a default/);
        expect(undefinedByDefault.get()).toBeUndefined();
      }),
  );

  test.each([
    ['null', null],
    ['false', false],
    ['0', 0],
    ['an empty string', ''],
    ['NaN', Number.NaN],
  ])('gives %s as the value that it is', (_name, value) => {
    const any = bare as unknown as ContextVar<unknown>;
    any.run(value, () => expect(any.get('fallback')).toBe(value));
    runUnitOfWork({ kind: 'test' }, () => {
      any.set(value);
      expect(any.get('fallback')).toBe(value);
    });
  });
});

type Fork = (body: () => unknown) => Promise<unknown>;

const forks: readonly (readonly [name: string, fork: Fork])[] = [
  ['gather', async (body) => (await gather([body]))[0]],
  ['createTask', (body) => createTask(body)],
];

describe.each(forks)('%s', (_name, fork) => {
  describe.each(startingStates)('in %s', (state, start) => {
    test.each(endings)('keeps what a branch that %s has set from the parent', (how, end) =>
      start(async () => {
        if (state !== 'no context') text.set('parent');
        const before = text.get();
        const outcome = await outcomeOf(() =>
          fork(() =>
            end(() => {
              expect(text.get()).toBe(before);
              text.set('branch');
              expect(text.get()).toBe('branch');
            }),
          ),
        );
        expect(outcome).toEqual(resultOf(how));
        expect(text.get()).toBe(before);
      }),
    );

    test('starts its function synchronously', () =>
      start(async () => {
        const log: string[] = [];
        const pending = fork(async () => {
          log.push('body');
        });
        log.push('caller');
        await pending;
        expect(log).toEqual(['body', 'caller']);
      }));

    test.each([
      ['run', <R>(body: () => R): R => text.run('outer', body)],
      ['a temporary binding', <R>(body: () => R): R => withTempContext([text.as('outer')], body)],
    ])('keeps the set of a variable that is under %s from parent and siblings', (_form, under) =>
      start(() =>
        under(async () => {
          const branch = (value: string) =>
            fork(async () => {
              const first = text.get();
              text.set(value);
              await setImmediate();
              return [first, text.get()];
            });
          expect(await Promise.all([branch('a'), branch('b')])).toEqual([
            ['outer', 'a'],
            ['outer', 'b'],
          ]);
          expect(text.get()).toBe('outer');
          text.set('of the parent');
          expect(text.get()).toBe('of the parent');
        }),
      ),
    );
  });

  test('does not see what the parent sets later', () =>
    runUnitOfWork({ kind: 'test' }, async () => {
      text.set('before');
      const pending = fork(async () => {
        await setImmediate();
        await setImmediate();
        return text.get();
      });
      text.set('after');
      expect(await pending).toBe('before');
      expect(text.get()).toBe('after');
    }));

  test('keeps branches of branches apart', () =>
    runUnitOfWork({ kind: 'test' }, async () => {
      text.set('0');
      const descend = async (level: number): Promise<void> => {
        expect(text.get()).toBe(String(level));
        if (level === 3) return;
        text.set(String(level + 1));
        await Promise.all([fork(() => descend(level + 1)), fork(() => descend(level + 1))]);
        expect(text.get()).toBe(String(level + 1));
      };
      await descend(0);
      expect(text.get()).toBe('1');
    }));

  test('takes over every variable', () =>
    runUnitOfWork({ kind: 'test' }, async () => {
      text.set('a');
      other.set('b');
      expect(await fork(() => [text.get(), other.get()])).toEqual(['a', 'b']);
    }));
});

describe('gather', () => {
  test('gives the results in the order of the functions, whatever the order in which they settle', async () => {
    const results = await gather([
      async () => {
        await setImmediate();
        await setImmediate();
        return 'slow';
      },
      () => 'plain',
      async () => 'fast',
    ]);
    expect(results).toEqual(['slow', 'plain', 'fast']);
    expect(await gather([])).toEqual([]);
  });

  test('rejects, and does not throw, where an argument is wrong', async () => {
    await expect(gather([1 as never])).rejects.toThrow(TypeError);
    await expect(gather('no list' as never)).rejects.toThrow(TypeError);
  });

  test('keeps siblings apart', () =>
    runUnitOfWork({ kind: 'test' }, async () => {
      const branch = (value: string) => async () => {
        const first = text.get();
        text.set(value);
        await setImmediate();
        return [first, text.get()];
      };
      expect(await gather([branch('a'), branch('b'), branch('c')])).toEqual([
        ['default', 'a'],
        ['default', 'b'],
        ['default', 'c'],
      ]);
    }));

  test('rejects with the first error while the others go on', () =>
    runUnitOfWork({ kind: 'test' }, async () => {
      const log: string[] = [];
      let finished = (): void => {};
      const done = new Promise<void>((resolve) => {
        finished = resolve;
      });
      const outcome = await outcomeOf(() =>
        gather([
          async () => {
            await setImmediate();
            await setImmediate();
            log.push('slow one');
            finished();
          },
          () => {
            throw FAILURE;
          },
          async () => {
            log.push('started all the same');
            throw new Error('a later error');
          },
        ]),
      );
      expect(outcome).toEqual({ error: FAILURE });
      expect(log).toEqual(['started all the same']);
      await done;
      expect(log).toEqual(['started all the same', 'slow one']);
    }));

  test('stays in the unit of work of the caller', () =>
    runUnitOfWork({ kind: 'test' }, async () => {
      const here = currentUnit();
      expect(await gather([currentUnit, async () => setImmediate().then(currentUnit)])).toEqual([here, here]);
    }));

  test('outside any unit has one for all branches, which ends with the last of them', async () => {
    const [first, second] = await gather([
      currentUnit,
      async () => {
        await setImmediate();
        expect(currentUnit()?.ended).toBe(false);
        return currentUnit();
      },
    ]);
    expect(first).toBe(second);
    expect(first?.ended).toBe(true);
    expect(text.get()).toBe('default');
  });
});

describe('createTask', () => {
  test('rejects with what its function throws synchronously', async () => {
    const task = createTask(() => {
      throw FAILURE;
    });
    await expect(task).rejects.toBe(FAILURE);
  });

  test('begins a unit of work for each task', () =>
    runUnitOfWork({ kind: 'test' }, async () => {
      const [a, b] = await Promise.all([createTask(currentUnit), createTask(currentUnit)]);
      expect(a?.kind).toBe('task');
      expect(new Set([a?.id, b?.id, currentUnit()?.id]).size).toBe(3);
    }));
});
