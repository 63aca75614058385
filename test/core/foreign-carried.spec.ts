// What another library has active goes into a carrier, and what a carrier brings is what the work begins with there.

import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as macrotask } from 'node:timers/promises';
import {
  ContextVar,
  codecs,
  copyContext,
  createTask,
  currentUnit,
  extractContext,
  injectContext,
  registerForeignContext,
  runUnitOfWork,
} from '../../src/core/index.js';
import { forgetForeign, meetEntry, outsideUnits, type Unit } from '../../src/core/internal.js';
import { addErrorReporter } from '../../src/core/report-error.js';
import { coreError } from './support/core-error.js';

interface Trace {
  readonly id: string;
  readonly own?: boolean;
  forgotten?: boolean;
}

const tenant = new ContextVar<string>('tenant', { codec: codecs.string });

const traces = new AsyncLocalStorage<Trace | undefined>();
const silent = new AsyncLocalStorage<unknown>();

let known: (Trace | undefined)[] = [];
let released: unknown[] = [];

beforeAll(() => {
  registerForeignContext<unknown>({
    name: 'one that carries nothing',
    capture: () => silent.getStore(),
    run: (state, fn) => silent.run(state, fn),
    fork: (state) => state,
  });
  registerForeignContext<Trace>({
    name: 'traces',
    capture: () => traces.getStore(),
    run: (state, fn) => traces.run(state, fn),
    fork: (state, unit) => ({ id: state === undefined ? 'new' : `${state.id} in ${unit.kind}` }),
    release: (state) => released.push(state),
    entry: (around) => {
      known.push(around);
      const active = traces.getStore();
      return active?.own && active !== around ? active : undefined;
    },
    carried: {
      write: ({ id }) => ({ 'a trace': id }),
      read: (text) => {
        const id = text('a trace');
        return id === undefined ? undefined : { id };
      },
      forget: (state) => {
        state.forgotten = true;
      },
    },
  });
});

beforeEach(() => {
  known = [];
  released = [];
});

const traced = (): string | undefined => traces.getStore()?.id;
const inTrace = <R>(id: string, fn: () => R): R => traces.run({ id }, fn);
const ownTrace = <R>(id: string, fn: () => R): R => traces.run({ id, own: true }, fn);

/** The carrier of a job that was sent inside a trace. */
const sent = (): Record<string, string> =>
  runUnitOfWork({ kind: 'sender' }, () =>
    inTrace('sent', () => {
      tenant.set('acme');
      return injectContext();
    }),
  );

describe('a carrier', () => {
  test('has what is active beside the variables, in the order of names', () => {
    const text = sent().contextvars as string;
    expect(text).toContain('sent');
    expect(text.indexOf('a trace')).toBeLessThan(text.indexOf('tenant'));
  });

  test('has nothing of it where nothing is active', () => {
    expect(runUnitOfWork({ kind: 'sender' }, () => traces.run(undefined, () => injectContext()))).toEqual({});
    expect(injectContext()).toEqual({});
  });

  test('has it outside any unit of work too, without a variable', () => {
    expect(inTrace('script', () => injectContext()).contextvars).toContain('script');
  });

  test('of a Context has what that was copied with', () => {
    const copy = inTrace('copied', copyContext);
    const carrier = inTrace('elsewhere', () => injectContext({}, { context: copy }));
    expect(carrier.contextvars).toContain('copied');
    expect(carrier.contextvars).not.toContain('elsewhere');
  });

  test('that would be too large goes without it', () =>
    runUnitOfWork({ kind: 'sender' }, () => {
      tenant.set('acme');
      const carrier = inTrace('t'.repeat(4090), () => injectContext());
      expect(carrier).toEqual(traces.run(undefined, () => injectContext()));
      tenant.set('a'.repeat(5000));
      expect(() => inTrace('sent', () => injectContext())).toThrow(coreError('ERR_INVALID_CARRIER'));
    }));
});

describe('a unit of work that a carrier begins', () => {
  const received = <R>(fn: () => R, carrier = sent()): R =>
    runUnitOfWork({ kind: 'job', context: extractContext(carrier) }, fn);

  test('has one derived from what the carrier brought', () => {
    expect(received(() => [traced(), tenant.get()])).toEqual(['sent in job', 'acme']);
  });

  test('has a new one where the carrier brought none', () => {
    const carrier = traces.run(undefined, () =>
      runUnitOfWork({ kind: 'sender' }, () =>
        traces.run(undefined, () => {
          tenant.set('acme');
          return injectContext();
        }),
      ),
    );
    expect(received(() => [traced(), tenant.get()], carrier)).toEqual(['new', 'acme']);
    expect(received(traced, {})).toBe('new');
  });

  test('has a new one where the ids of a carrier are not accepted', () => {
    const context = extractContext(sent(), { acceptIds: false });
    expect(runUnitOfWork({ kind: 'job', context }, traced)).toBe('new');
  });

  test('derives its own, however often it is begun', () => {
    const context = extractContext(sent());
    expect(runUnitOfWork({ kind: 'first', context }, traced)).toBe('sent in first');
    expect(context.run(traced)).toContain('sent in');
  });

  test('has what was opened for just it in place of what was brought', () => {
    expect(ownTrace('consumer', () => received(traced))).toBe('consumer in job');
    expect(inTrace('server', () => received(traced))).toBe('sent in job');
    expect(known).toContain(undefined);
  });

  test('has another begin in it without what it was brought', () => {
    expect(received(() => runUnitOfWork({ kind: 'inner' }, traced))).toBe('new');
    expect(known.at(-1)).toEqual({ id: 'sent in job' });
  });

  test('forgets what it was not meant to be brought', () =>
    received(() => {
      const state = traces.getStore();
      forgetForeign(currentUnit() as Unit);
      expect(state?.forgotten).toBe(true);
    }));

  test('has a task that begins with what it has itself', async () => {
    expect(await received(() => createTask(traced))).toBe('sent in job in task');
  });
});

describe('what an instrumentation has opened on the way to the work', () => {
  test('is what the whole unit of work has from then on', () =>
    runUnitOfWork({ kind: 'request' }, () => {
      const unit = currentUnit() as Unit;
      expect(traced()).toBe('new');
      ownTrace('handler', () => meetEntry(unit));
      expect(known.at(-1)).toEqual({ id: 'new' });
      expect(unit.enter(traced)).toBe('handler');
    }));

  test('is left alone where it is inherited, and in another unit of work', () =>
    runUnitOfWork({ kind: 'request' }, () => {
      const unit = currentUnit() as Unit;
      inTrace('inherited', () => meetEntry(unit));
      expect(unit.enter(traced)).toBe('new');
      runUnitOfWork({ kind: 'inner' }, () => ownTrace('handler', () => meetEntry(unit)));
      expect(unit.enter(traced)).toBe('new');
      ownTrace('handler', () => outsideUnits(() => meetEntry(unit)));
      expect(unit.enter(traced)).toBe('new');
    }));

  test('is all that is active where there is to be no unit of work', () =>
    runUnitOfWork({ kind: 'request' }, () => {
      const seen = (): unknown => [currentUnit(), traced()];
      expect(ownTrace('excluded', () => outsideUnits(seen))).toEqual([undefined, 'excluded']);
      expect(inTrace('inherited', () => outsideUnits(seen))).toEqual([undefined, undefined]);
    }));
});

test('what a unit of work had is released when it has ended', async () => {
  await runUnitOfWork({ kind: 'job' }, async () => {
    await macrotask();
    expect(released).toEqual([]);
  });
  expect(released).toEqual([{ id: 'new' }]);
});

describe("another library's context that fails", () => {
  const failure = new Error('theirs');
  let fails = false;
  let reported: unknown[][] = [];
  let stop: () => void;
  beforeEach(() => {
    reported = [];
    stop = addErrorReporter((...report) => void reported.push(report));
    registerForeignContext<unknown>({
      name: 'one that fails',
      capture: () => undefined,
      run: (_state, fn) => {
        if (fails) throw failure;
        return fn();
      },
      fork: () => undefined,
      release: () => {
        throw failure;
      },
    });
  });
  afterEach(() => {
    fails = false;
    stop();
    registerForeignContext<unknown>({
      name: 'one that fails',
      capture: () => undefined,
      run: (_state, fn) => fn(),
      fork: () => undefined,
    });
  });

  test('to be released is reported, and the unit of work has ended', () => {
    const unit = runUnitOfWork({ kind: 'job' }, currentUnit);
    expect(unit?.ended).toBe(true);
    expect(reported).toEqual([[failure, "at the end of the unit of work 'job'"]]);
  });

  test('to be entered keeps no error from being reported, once', () => {
    runUnitOfWork({ kind: 'job' }, () => {
      fails = true;
      (currentUnit() as Unit).report(failure, 'somewhere');
      fails = false;
      (currentUnit() as Unit).report(failure, 'elsewhere');
    });
    expect(reported.slice(0, 2)).toEqual([
      [failure, 'somewhere'],
      [failure, 'elsewhere'],
    ]);
  });
});

test('a name that is registered again keeps its place, and the others stay', () => {
  registerForeignContext<unknown>({
    name: 'one that carries nothing',
    capture: () => silent.getStore(),
    run: (state, fn) => silent.run(state, fn),
    fork: (_state, unit) => `silent ${unit.kind}`,
  });
  runUnitOfWork({ kind: 'job' }, () => {
    expect([silent.getStore(), traced()]).toEqual(['silent job', 'new']);
  });
});
