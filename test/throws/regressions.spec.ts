// What the runs of run.mjs have found, one by one, and without the built package.

import { EventEmitter } from 'node:events';
import { setImmediate as macrotask } from 'node:timers/promises';
import {
  activeTasks,
  Context,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  onTask,
  preserveContext,
  registerForeignContext,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';
import { outcomeOf, thrownBy } from '../core/support/outcome.js';

const role = new ScopedValue<string>('role');
const text = new ContextVar<string>('text', { default: 'nothing' });

function roleHere(): string {
  try {
    return role.get('none');
  } catch (error) {
    return (error as { code: string }).code;
  }
}

let log: jest.SpyInstance;
beforeEach(() => {
  log = jest.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => log.mockRestore());

test('a store whose unsubscribe function throws: its temporary scope has ended all the same', async () => {
  const failure = new Error('failed');
  let seen: Promise<string> | undefined;
  const store = {
    '@@observable': () => store,
    subscribe: (..._args: unknown[]): (() => void) => {
      seen = new Promise((resolve) => setImmediate(() => resolve(roleHere())));
      return () => {
        throw failure;
      };
    },
  };
  const unsubscribe = withTempContext([role.as('admin')], () => store).subscribe(() => {});
  expect(thrownBy(unsubscribe)).toBe(failure);
  expect(await seen).toBe('ERR_SCOPE_ENDED');
});

describe('a console.error that throws', () => {
  beforeEach(() =>
    log.mockImplementation(() => {
      throw new Error('the console failed');
    }),
  );

  test('a background call ends, and gives its own error', async () => {
    const failure = new Error('failed');
    const units: unknown[] = [];
    const call = preserveContext(
      () => {
        units.push(currentUnit());
        throw failure;
      },
      { background: true },
    );
    expect(await outcomeOf(call)).toEqual({ error: failure });
    expect(units).toMatchObject([{ ended: true }]);
    expect(activeTasks()).toEqual([]);
  });

  test('a task goes on where a listener of onTask fails', async () => {
    const stop = onTask(() => {
      throw new Error('failed');
    });
    expect(await createTask(() => 'ok')).toBe('ok');
    stop();
    expect(activeTasks()).toEqual([]);
  });
});

describe('at the end of the stack', () => {
  /** Calls `op` on each level of the way up from the end, until there is room for it. */
  function atTheEnd(op: () => unknown): number {
    let room = 0;
    let overflows = 0;
    const descend = (): void => {
      try {
        descend();
      } catch (error) {
        if (room >= 10) return;
        try {
          op();
          room += 1;
        } catch {
          room = 0;
          overflows += 1;
        }
        throw error;
      }
    };
    try {
      descend();
    } catch {}
    return overflows;
  }

  const left: { role: string }[] = [];
  const elevated = () => {
    const seen = { role: 'nothing' };
    process.nextTick(() => {
      seen.role = roleHere();
    });
    left.push(seen);
  };
  const ops: [string, () => unknown][] = [
    ['ContextVar.run', () => text.run('inside', () => 1)],
    ['ScopedValue.run', () => role.run('admin', elevated)],
    ['withTempContext', () => withTempContext([role.as('admin'), text.as('inside')], elevated)],
    ['Context.run', () => new Context().run(() => 1)],
    ['runUnitOfWork', () => runUnitOfWork({ kind: 'inside' }, () => 1)],
    ['preserveContext', () => preserveContext(() => 1)()],
  ];

  // On Node's newer context engine it was another one after two thirds of these.
  test.each(ops)('%s leaves the caller in its own context, and nothing elevated', async (_name, op) => {
    await runUnitOfWork({ kind: 'caller' }, async () => {
      text.set('own');
      role.bind('clerk');
      const unit = currentUnit();
      const before = copyContext();
      left.length = 0;
      for (let sweep = 0; sweep < 5; sweep++) {
        expect(atTheEnd(op)).toBeGreaterThan(0);
        expect([currentUnit(), text.get(), roleHere()]).toEqual([unit, 'own', 'clerk']);
        expect(copyContext().equals(before)).toBe(true);
      }
      await macrotask();
      expect(left.filter((seen) => seen.role !== 'ERR_SCOPE_ENDED')).toEqual([]);
    });
    expect(activeTasks()).toEqual([]);
  });
});

// Last: what is registered stays for the process.
describe("a hook of another library's context", () => {
  const fails: { in?: 'run' | 'release'; at: number; failure: Error } = {
    at: 0,
    failure: new Error('failed'),
  };
  const reach = (hook: 'run' | 'release') => {
    if (fails.in !== hook) return;
    fails.at -= 1;
    if (fails.at === 0) throw fails.failure;
  };
  beforeAll(() =>
    registerForeignContext<object>({
      name: 'throws',
      capture: () => undefined,
      run: (_state, fn) => {
        reach('run');
        return fn();
      },
      fork: () => ({}),
      release: () => reach('release'),
    }),
  );
  beforeEach(() => {
    fails.failure = new Error('failed');
  });
  afterEach(() => {
    delete fails.in;
  });

  test('release: is reported, the unit of work has ended, and its call gives its result', () => {
    Object.assign(fails, { in: 'release', at: 1 });
    const ended = new EventEmitter();
    let unit: unknown;
    const result = runUnitOfWork({ kind: 'test' }, () => {
      unit = currentUnit();
      currentUnit()?.signal.addEventListener('abort', () => ended.emit('abort'));
      return 'ok';
    });
    expect(result).toBe('ok');
    expect(unit).toMatchObject({ ended: true });
    expect(log).toHaveBeenCalledTimes(1);
    expect(log.mock.calls[0]).toContain(fails.failure);
  });

  test('run: a unit of work that cannot be entered has ended, and the error is the caller’s', () => {
    Object.assign(fails, { in: 'run', at: 1 });
    expect(thrownBy(() => runUnitOfWork({ kind: 'test' }, () => 'not reached'))).toBe(fails.failure);
    expect(currentUnit()).toBeUndefined();
  });
});
