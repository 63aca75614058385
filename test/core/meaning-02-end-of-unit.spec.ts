// The order of a unit's end, and what can be read after it.

import { setImmediate } from 'node:timers/promises';
import {
  ContextVar,
  createTask,
  currentUnit,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';
import { addErrorReporter } from '../../src/core/report-error.js';
import { Unit } from '../../src/core/unit.js';
import { coreError } from './support/core-error.js';
import { endings, resultOf } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';

const text = new ContextVar<string>('text');
const role = new ScopedValue<string>('role');

function unit(): Unit {
  const current = currentUnit();
  if (!(current instanceof Unit)) throw new Error('no unit of work here');
  return current;
}

describe.each(endings)('when a call %s', (how, end) => {
  test('its unit is listened to, disposed of in reverse order and released, in this order', async () => {
    const log: string[] = [];
    const { signal } = await runUnitOfWork({ kind: 'test' }, async () => {
      const here = unit();
      here.signal.addEventListener('abort', () => log.push(`abort, ended: ${here.ended}`));
      here.onRelease(() => log.push('release'));
      here.on('dispose', () => void log.push('dispose the first'));
      here.on('dispose', async () => {
        await setImmediate();
        log.push('dispose the second');
      });
      here.on('end', async () => {
        await setImmediate();
        log.push('listener 1');
      });
      here.on('end', () => void log.push(`listener 2, ended: ${here.ended}`));
      await outcomeOf(() => end(() => log.push('body')));
      log.push('settled');
      return { signal: here.signal };
    });
    expect(log).toEqual([
      'body',
      'settled',
      'listener 1',
      'listener 2, ended: false',
      'dispose the second',
      'dispose the first',
      'release',
      'abort, ended: true',
    ]);
    expect(signal.reason).toEqual(coreError('ERR_SCOPE_ENDED'));
  });

  test('the caller gets the outcome, after the hooks where the call was asynchronous', async () => {
    const log: string[] = [];
    const outcome = await outcomeOf(() =>
      runUnitOfWork({ kind: 'test' }, () => {
        unit().on('end', async () => {
          await setImmediate();
          log.push('hook');
        });
        return end();
      }),
    );
    expect(outcome).toEqual(resultOf(how));
    if (how === 'resolves' || how === 'rejects') expect(log).toEqual(['hook']);
    else await setImmediate().then(() => setImmediate());
    expect(log).toEqual(['hook']);
  });
});

test('hooks run at the base of the unit: with its variables, under no temporary binding', async () => {
  const seen: unknown[] = [];
  await runUnitOfWork({ kind: 'test' }, async () => {
    text.set('of the unit');
    role.bind('base');
    const here = unit();
    await withTempContext([role.as('temporary'), text.as('temporary')], async () => {
      for (const phase of ['end', 'dispose'] as const) {
        here.on(phase, () => void seen.push(currentUnit() === here, text.get(), role.get()));
      }
    });
  });
  expect(seen).toEqual([true, 'of the unit', 'base', true, 'of the unit', 'base']);
});

test('a hook that fails is reported, the others run, and the outcome stays', async () => {
  const reported: unknown[] = [];
  const previous = addErrorReporter((error, where) => reported.push([(error as Error).message, where]));
  const log: string[] = [];
  try {
    const result = await runUnitOfWork({ kind: 'failing' }, async () => {
      const here = unit();
      here.on('end', () => {
        throw new Error('thrown');
      });
      here.on('dispose', () => Promise.reject(new Error('rejected')));
      here.on('dispose', () => void log.push('disposed'));
      here.onRelease(() => log.push('released'));
      return 'result';
    });
    expect(result).toBe('result');
  } finally {
    previous();
  }
  expect(log).toEqual(['disposed', 'released']);
  expect(reported).toEqual([
    ['thrown', expect.stringContaining("'failing'")],
    ['rejected', expect.stringContaining("'failing'")],
  ]);
});

test('a reporter that fails itself takes nobody down', async () => {
  const log = jest.spyOn(console, 'error').mockImplementation(() => {});
  const previous = addErrorReporter(() => {
    throw new Error('the reporter failed');
  });
  try {
    await runUnitOfWork({ kind: 'failing' }, async () => {
      unit().on('end', () => Promise.reject(new Error('the hook failed')));
    });
    expect(log).toHaveBeenCalledTimes(1);
    expect(log.mock.calls[0]?.map(String).join(' ')).toMatch(/the hook failed.*the reporter failed/s);
  } finally {
    previous();
    log.mockRestore();
  }
});

test('leases still open are closed, before anything else happens', async () => {
  let open: Promise<void> | undefined;
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const seen: unknown[] = [];
  const codes: unknown[] = [];
  await runUnitOfWork({ kind: 'test' }, async () => {
    unit().on('end', () => void seen.push('end'));
    role.bind('base');
    open = withTempContext([role.as('temporary')], async () => {
      codes.push(role.get());
      await gate;
      codes.push(
        (await outcomeOf(() => role.get()).then((outcome) => 'error' in outcome && outcome.error)) as unknown,
      );
    });
  });
  release();
  await open;
  expect(seen).toEqual(['end']);
  expect(codes).toEqual(['temporary', coreError('ERR_SCOPE_ENDED')]);
});

test('work left running reads and sets plain variables after the end', async () => {
  let left: Promise<string[]> | undefined;
  await runUnitOfWork({ kind: 'test' }, async () => {
    text.set('request id');
    const here = unit();
    left = (async () => {
      await setImmediate();
      await setImmediate();
      const read = text.get();
      text.set('changed');
      return [String(here.ended), read, text.get(), currentUnit() === here ? 'same unit' : 'another'];
    })();
  });
  expect(await left).toEqual(['true', 'request id', 'changed', 'same unit']);
});

test('the signal of a unit is aborted when it is first asked for after the end', () => {
  const ended = runUnitOfWork({ kind: 'test' }, unit);
  expect(ended.signal.aborted).toBe(true);
  expect(ended.signal.reason).toEqual(coreError('ERR_SCOPE_ENDED'));
});

test('a listener of the signal sees the context of the unit', async () => {
  const seen: unknown[] = [];
  await runUnitOfWork({ kind: 'test' }, async () => {
    text.set('of the unit');
    unit().signal.addEventListener('abort', () => seen.push(text.get(), currentUnit() === undefined));
  });
  expect(seen).toEqual(['of the unit', false]);
});

test('a unit that was aborted earlier keeps that reason', async () => {
  const reason = new Error('the client has gone');
  const { signal, ended } = await runUnitOfWork({ kind: 'test' }, async () => {
    const here = unit();
    here.abort(reason);
    expect(here.ended).toBe(false);
    return here;
  });
  expect([signal.reason, ended]).toEqual([reason, true]);
});

test('a unit ends once, however often it is asked to', async () => {
  const log: string[] = [];
  await runUnitOfWork({ kind: 'test' }, async () => {
    const here = unit();
    here.on('end', () => void log.push('end'));
    await Promise.all([here.end(), here.end()]);
  });
  expect(log).toEqual(['end']);
});

test('the end of a unit does not end the tasks it has started', async () => {
  let task: Promise<boolean> | undefined;
  let own: Unit | undefined;
  await runUnitOfWork({ kind: 'test' }, async () => {
    task = createTask(async () => {
      own = unit();
      await setImmediate();
      return own.ended || own.signal.aborted;
    });
  });
  expect(own?.ended).toBe(false);
  expect(await task).toBe(false);
  expect(own?.ended).toBe(true);
});

test('elapsed counts milliseconds from the beginning and does not run backwards', async () => {
  await runUnitOfWork({ kind: 'test' }, async () => {
    const first = unit().elapsed;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(first).toBeGreaterThanOrEqual(0);
    expect(unit().elapsed).toBeGreaterThan(first);
    expect(unit().elapsed).toBeLessThan(60_000);
  });
});

test('a unit of work prints as plain data in JSON', () => {
  const here = runUnitOfWork({ kind: 'test', id: 'job-1' }, unit);
  expect(JSON.parse(JSON.stringify(here))).toEqual({
    id: 'job-1',
    kind: 'test',
    startedAt: here.startedAt.toISOString(),
    ended: true,
  });
});
