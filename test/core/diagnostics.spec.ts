import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import { Scoped, standInFor } from '../../src/container/internal.js';
import { channels } from '../../src/core/diagnostics.js';
import {
  AsUnitOfWork,
  ContextVar,
  createTask,
  currentUnit,
  gather,
  type InstanceMessage,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  type ScopeMessage,
  type TaskMessage,
  type UnitMessage,
  WithTempContext,
  withTempContext,
} from '../../src/core/index.js';
import { addErrorReporter } from '../../src/core/report-error.js';
import type { Unit } from '../../src/core/unit.js';
import { endings, FAILURE } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';

const text = new ContextVar<string>('text', { default: 'default' });
const role = new ScopedValue<string>('role');
const password = new ContextVar<string>('password', { secret: true });
const key = new ScopedValue<string>('key', { secret: true });

const names = [
  'unit:start',
  'unit:end',
  'scope:start',
  'scope:end',
  'task:start',
  'task:end',
  'instance:start',
  'instance:end',
] as const;
type Channel = (typeof names)[number];

let messages: { channel: Channel; message: object }[] = [];
const listeners = names.map((channel) => ({
  name: `nestjs-contextvars:${channel}`,
  listener: (message: unknown) => void messages.push({ channel, message: message as object }),
}));

beforeEach(() => {
  messages = [];
  for (const { name, listener } of listeners) subscribe(name, listener);
});
afterEach(stopListening);

function stopListening(): void {
  for (const { name, listener } of listeners) unsubscribe(name, listener);
}

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
        id: expect.any(Number) as unknown as number,
        parent: undefined,
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
    const previous = addErrorReporter(() => {});
    try {
      await outcomeOf(() => preserveContext(() => end(), { background: true, name: 'receipt' })());
    } finally {
      previous();
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

test('the two messages of a scope have one id, and that of the scope around it', async () => {
  await runUnitOfWork({ kind: 'job' }, () =>
    withTempContext([text.as('around')], async () => {
      const both = [1, 2].map((wait) =>
        role.run(`${wait}`, async () => {
          for (let i = 0; i < 3 - wait; i++) await setImmediate();
        }),
      );
      await Promise.all(both);
    }),
  );
  const [around, first, second, ...more] = of<ScopeMessage>('scope:start');
  expect(more).toEqual([]);
  expect(new Set([around?.id, first?.id, second?.id]).size).toBe(3);
  expect([around, first, second].map((scope) => scope?.parent)).toEqual([undefined, around?.id, around?.id]);
  // The second one ends first.
  const ends = of<ScopeMessage>('scope:end').map(({ id, parent }) => ({ id, parent }));
  expect(ends).toEqual([second, first, around].map((scope) => ({ id: scope?.id, parent: scope?.parent })));
});

test('a scope that ended, or is that of another unit of work, is around nothing', async () => {
  let left: Promise<void> | undefined;
  await runUnitOfWork({ kind: 'job' }, async () => {
    await withTempContext([text.as('ended')], async () => {
      left = setImmediate().then(() => withTempContext([role.as('later')], () => undefined));
      await createTask(() => withTempContext([role.as('in a task')], () => undefined));
    });
    await left;
  });
  expect(of<ScopeMessage>('scope:start').map(({ parent }) => parent)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('a unit of work has the name that it was given', () => {
  const names: unknown[] = [];
  const listener = (message: unknown): void => void names.push((message as { unit: Unit }).unit.name);
  subscribe('nestjs-contextvars:unit:start', listener);
  runUnitOfWork({ kind: 'job', name: 'receipts' }, () => undefined);
  unsubscribe('nestjs-contextvars:unit:start', listener);
  expect(names).toEqual(['receipts']);
  expect(() => runUnitOfWork({ kind: 'job', name: '' }, () => undefined)).toThrow(TypeError);
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

describe('a context-scoped instance', () => {
  const failure = new Error('not closed');
  const disposals: [string, () => object, { error?: unknown }][] = [
    ['has nothing to dispose of', () => ({}), {}],
    ['is disposed of', () => ({ [Symbol.dispose]: () => {} }), {}],
    ['is asynchronously disposed of', () => ({ [Symbol.asyncDispose]: () => setImmediate() }), {}],
    [
      'fails to be disposed of',
      () => ({
        [Symbol.dispose]: () => {
          throw failure;
        },
      }),
      { error: failure },
    ],
    [
      'rejects to be disposed of',
      () => ({ [Symbol.asyncDispose]: () => Promise.reject(failure) }),
      { error: failure },
    ],
  ];

  test.each(disposals)('that %s tells when it has been made and when it is gone', async (_, make, ending) => {
    const previous = addErrorReporter(() => {});
    const scoped = new Scoped({ name: 'Cart', make });
    const unit = await runUnitOfWork({ kind: 'job' }, async () => {
      scoped.use();
      expect(channelsSeen()).toEqual(['unit:start', 'instance:start']);
      scoped.use();
      return currentUnit();
    });
    previous();
    expect(channelsSeen()).toEqual(['unit:start', 'instance:start', 'instance:end', 'unit:end']);
    const [start] = of<InstanceMessage>('instance:start');
    const [end] = of<InstanceMessage>('instance:end');
    expect(start).toEqual({ unit, name: 'Cart' });
    expect(end).toEqual({ unit, name: 'Cart', ...ending });
    expect([start?.unit, end?.unit]).toEqual([unit, unit]);
    expect([Object.keys(start ?? {}), Object.keys(end ?? {})]).toEqual([
      ['unit', 'name'],
      'error' in ending ? ['unit', 'name', 'error'] : ['unit', 'name'],
    ]);
  });

  test('tells of those of one unit in the order in which they are made, and are gone', async () => {
    const inner = new Scoped({ name: 'Inner', make: () => ({}) });
    const outer = new Scoped({ name: 'Outer', make: () => ({ inner: inner.use() }) });
    await runUnitOfWork({ kind: 'job' }, async () => void outer.use());
    expect(of<InstanceMessage>('instance:start').map(({ name }) => name)).toEqual(['Inner', 'Outer']);
    expect(of<InstanceMessage>('instance:end').map(({ name }) => name)).toEqual(['Outer', 'Inner']);
  });

  test('of an asynchronous factory tells of its start when it is there', async () => {
    const scoped = new Scoped({ name: 'Pool', make: async () => setImmediate().then(() => ({})) });
    await runUnitOfWork({ kind: 'job' }, async () => {
      const loading = scoped.load();
      expect(of('instance:start')).toEqual([]);
      await loading;
      expect(of<InstanceMessage>('instance:start').map(({ name }) => name)).toEqual(['Pool']);
    });
  });

  test('that is made too late for its unit tells its start and its end after the unit’s', async () => {
    const scoped = new Scoped({ name: 'Pool', make: async () => setImmediate().then(() => ({})) });
    let loading: Promise<void> | undefined;
    runUnitOfWork({ kind: 'job' }, () => {
      loading = scoped.load();
    });
    await outcomeOf(() => loading);
    expect(channelsSeen()).toEqual(['unit:start', 'unit:end', 'instance:start', 'instance:end']);
  });

  test('that could not be made tells nothing', () => {
    const broken = new Scoped<object>({
      name: 'Broken',
      make: () => {
        throw failure;
      },
    });
    const invalid = new Scoped<object>({ name: 'Invalid', make: () => null as never });
    runUnitOfWork({ kind: 'job' }, () => {
      expect(() => broken.use()).toThrow(failure);
      expect(() => invalid.use()).toThrow();
    });
    expect([of('instance:start'), of('instance:end')]).toEqual([[], []]);
  });

  test('that stands in for another one tells as many ends as starts', async () => {
    const cart = new Scoped({ name: 'Cart', make: () => ({}) });
    const alias = new Scoped({ name: 'Alias', make: () => standInFor(cart) });
    await runUnitOfWork({ kind: 'job' }, async () => {
      cart.use();
      alias.use();
    });
    const namesOf = (channel: Channel) => of<InstanceMessage>(channel).map(({ name }) => name);
    expect(namesOf('instance:end').sort()).toEqual(namesOf('instance:start').sort());
  });

  test('publishes nothing, and asks for no end of its unit, where nobody listens', async () => {
    stopListening();
    const { instanceStart, instanceEnd } = channels;
    const spies = [jest.spyOn(instanceStart, 'publish'), jest.spyOn(instanceEnd, 'publish')];
    const plain = new Scoped({ name: 'Plain', make: () => ({}) });
    const disposed = new Scoped({ name: 'Disposed', make: () => ({ [Symbol.dispose]: () => {} }) });
    await runUnitOfWork({ kind: 'job' }, async () => {
      const on = jest.spyOn(currentUnit() as Unit, 'on');
      plain.use();
      expect(on).not.toHaveBeenCalled();
      disposed.use();
      expect(on).toHaveBeenCalledTimes(1);
    });
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
    expect(messages).toEqual([]);
  });

  test('publishes its end to who listens for ends alone', async () => {
    stopListening();
    const ends: unknown[] = [];
    const listener = (message: unknown) => void ends.push(message);
    subscribe('nestjs-contextvars:instance:end', listener);
    const scoped = new Scoped({ name: 'Cart', make: () => ({}) });
    const unit = runUnitOfWork({ kind: 'job' }, () => {
      scoped.use();
      return currentUnit();
    });
    unsubscribe('nestjs-contextvars:instance:end', listener);
    expect(ends).toEqual([{ unit, name: 'Cart' }]);
  });
});

test.each(['scope:start', 'scope:end'] as const)('who listens to %s alone gets that', (channel) => {
  stopListening();
  const { name, listener } = listeners[names.indexOf(channel)] as (typeof listeners)[number];
  subscribe(name, listener);
  runUnitOfWork({ kind: 'test' }, () => {
    text.run('not temporary', () => {});
    role.run('temporary', () => {});
  });
  expect(channelsSeen()).toEqual([channel]);
  expect(of<ScopeMessage>(channel)).toMatchObject([{ bindings: [{ name: 'role', value: 'temporary' }] }]);
});
