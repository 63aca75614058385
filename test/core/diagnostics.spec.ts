import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import {
  AsUnitOfWork,
  ContextVar,
  createTask,
  currentUnit,
  gather,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  type ScopeMessage,
  type TaskMessage,
  type UnitMessage,
  WithTempContext,
  withTempContext,
} from '../../src/core/index.js';
import { setErrorReporter } from '../../src/core/report-error.js';
import { endings, FAILURE } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';

const text = new ContextVar<string>('text', { default: 'default' });
const role = new ScopedValue<string>('role');
const password = new ContextVar<string>('password', { secret: true });
const key = new ScopedValue<string>('key', { secret: true });

type Channel = 'unit:start' | 'unit:end' | 'scope:start' | 'scope:end' | 'task:start' | 'task:end';
const names: readonly Channel[] = [
  'unit:start',
  'unit:end',
  'scope:start',
  'scope:end',
  'task:start',
  'task:end',
];

let messages: { channel: Channel; message: object }[] = [];
const listeners = names.map((channel) => ({
  name: `nestjs-contextvars:${channel}`,
  listener: (message: unknown) => void messages.push({ channel, message: message as object }),
}));

beforeEach(() => {
  messages = [];
  for (const { name, listener } of listeners) subscribe(name, listener);
});
afterEach(() => {
  for (const { name, listener } of listeners) unsubscribe(name, listener);
});

const channelsSeen = (): Channel[] => messages.map(({ channel }) => channel);
function of<M>(channel: Channel): M[] {
  return messages.filter((one) => one.channel === channel).map((one) => one.message as M);
}

describe.each(endings)('when a call %s', (how, end) => {
  const failed = how === 'throws' || how === 'rejects';

  test('a unit of work tells its start, and its end with the time it took, once each', async () => {
    let unit: ReturnType<typeof currentUnit>;
    await outcomeOf(() =>
      runUnitOfWork({ kind: 'job', id: 'job-1' }, () =>
        end(() => {
          unit = currentUnit();
          expect(channelsSeen()).toEqual(['unit:start']);
        }),
      ),
    );
    expect(channelsSeen()).toEqual(['unit:start', 'unit:end']);
    expect(of<UnitMessage>('unit:start')).toEqual([{ unit }]);
    expect(of<UnitMessage>('unit:end')).toEqual([{ unit, durationMs: expect.any(Number) }]);
    expect(of<UnitMessage>('unit:end')[0]?.unit).toBe(unit);
    expect(unit?.id).toBe('job-1');
  });

  test('a temporary scope tells its start and its end, with who and what', async () => {
    await runUnitOfWork({ kind: 'job' }, async () => {
      const unit = currentUnit();
      messages = [];
      await outcomeOf(() =>
        withTempContext([text.as('a'), role.as('b')], () =>
          end(() => expect(channelsSeen()).toEqual(['scope:start'])),
        ),
      );
      expect(channelsSeen()).toEqual(['scope:start', 'scope:end']);
      const message: ScopeMessage = {
        unit: unit as NonNullable<typeof unit>,
        name: undefined,
        bindings: [
          { name: 'text', value: 'a' },
          { name: 'role', value: 'b' },
        ],
      };
      expect(of<ScopeMessage>('scope:start')).toEqual([message]);
      expect(of<ScopeMessage>('scope:end')).toEqual([message]);
    });
  });

  test('a task tells its start and its end, with its parent, its name and, where it failed, its error', async () => {
    await runUnitOfWork({ kind: 'job' }, async () => {
      const parent = currentUnit();
      await outcomeOf(() => createTask(() => end(), { name: 'receipt' }));
      const [start] = of<TaskMessage>('task:start');
      const [finish] = of<TaskMessage>('task:end');
      expect(start?.parent).toBe(parent);
      expect(start?.unit.kind).toBe('task');
      expect(finish?.unit).toBe(start?.unit);
      expect(start).toEqual({ unit: start?.unit, name: 'receipt', parent });
      expect(finish).toEqual({
        unit: start?.unit,
        name: 'receipt',
        parent,
        ...(failed && { error: FAILURE }),
      });
    });
    expect(of('task:start')).toHaveLength(1);
    expect(of('task:end')).toHaveLength(1);
  });

  test('a background call tells the same', async () => {
    const previous = setErrorReporter(() => {});
    try {
      await outcomeOf(() => preserveContext(() => end(), { background: true, name: 'receipt' })());
    } finally {
      setErrorReporter(previous);
    }
    expect(of<TaskMessage>('task:start')).toMatchObject([{ name: 'receipt', parent: undefined }]);
    expect(of<TaskMessage>('task:end')).toMatchObject([
      { name: 'receipt', ...(failed && { error: FAILURE }) },
    ]);
    expect(of<TaskMessage>('task:end').map((message) => 'error' in message)).toEqual([failed]);
  });
});

test('every kind of unit tells its start and end', async () => {
  class Consumer {
    @AsUnitOfWork({ kind: 'message' })
    handle(): void {}
  }
  new Consumer().handle();
  await createTask(() => {});
  preserveContext(() => {})();
  text.run('value', () => {});
  withTempContext([], () => {});
  await gather([() => {}]);
  const kinds = ['message', 'task', 'preserved', 'run', 'temporary', 'gather'];
  expect(of<UnitMessage>('unit:start').map(({ unit }) => unit.kind)).toEqual(kinds);
  expect(of<UnitMessage>('unit:end').map(({ unit }) => unit.kind)).toEqual(kinds);
});

test('a decorated method is named in the messages of its scope', () => {
  class Ledger {
    @WithTempContext(role.as('writer'))
    refund(): string {
      return role.get();
    }
  }
  expect(new Ledger().refund()).toBe('writer');
  expect(of<ScopeMessage>('scope:start').map(({ name }) => name)).toEqual(['Ledger.refund']);
});

test('the value is left out where the variable is secret', async () => {
  await withTempContext([password.as('hidden'), text.as('shown'), key.as('hidden')], async () =>
    setImmediate(),
  );
  const bindings = [{ name: 'password' }, { name: 'text', value: 'shown' }, { name: 'key' }];
  expect(of<ScopeMessage>('scope:start').map((message) => message.bindings)).toEqual([bindings]);
  expect(of<ScopeMessage>('scope:end').map((message) => message.bindings)).toEqual([bindings]);
});

test('a scope that is still open when its unit ends tells its end then, once', async () => {
  let finish = (): void => {};
  let left: Promise<void> | undefined;
  runUnitOfWork({ kind: 'job' }, () => {
    left = withTempContext([text.as('temporary')], () => new Promise<void>((resolve) => (finish = resolve)));
  });
  expect(channelsSeen()).toEqual(['unit:start', 'scope:start', 'scope:end', 'unit:end']);
  finish();
  await left;
  expect(channelsSeen()).toHaveLength(4);
});

test('a subscriber sees the context of whoever publishes', () => {
  const seen: unknown[] = [];
  const listener = (): void => void seen.push(text.get());
  subscribe('nestjs-contextvars:scope:start', listener);
  runUnitOfWork({ kind: 'job' }, () => {
    text.set('outside');
    withTempContext([role.as('temporary')], () => {});
  });
  unsubscribe('nestjs-contextvars:scope:start', listener);
  expect(seen).toEqual(['outside']);
});

test('plain reads, sets, runs and copies publish nothing', () =>
  runUnitOfWork({ kind: 'job' }, async () => {
    messages = [];
    text.reset(text.set('value'));
    text.run('value', () => text.get());
    await gather([() => text.get()]);
    role.bind('base');
    expect(messages).toEqual([]);
  }));
