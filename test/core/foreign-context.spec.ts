import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import {
  AsUnitOfWork,
  bindContext,
  bindEmitter,
  Context,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  type ForeignContext,
  gather,
  preserveContext,
  registerForeignContext,
  runUnitOfWork,
  ScopedValue,
  type UnitOfWork,
  withTempContext,
} from '../../src/core/index.js';
import { endings, resultOf } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';

interface Store {
  readonly name: string;
  unit?: UnitOfWork;
}

const text = new ContextVar<string>('text', { default: 'default' });
const role = new ScopedValue<string>('role');

const theirs = new AsyncLocalStorage<Store | undefined>();
let calls: string[] = [];
let adopting = false;

const foreign: ForeignContext<Store> = {
  name: 'theirs',
  capture: () => {
    calls.push('capture');
    return theirs.getStore();
  },
  run: (state, fn) => {
    calls.push('run');
    return theirs.run(state, fn);
  },
  fork: (state, unit) => {
    calls.push('fork');
    return { name: state === undefined ? `new for ${unit.kind}` : `${state.name} for ${unit.kind}` };
  },
  adopt: (open) => {
    const store = theirs.getStore();
    if (!adopting || store === undefined) return undefined;
    store.unit ??= open();
    return store.unit;
  },
};

beforeAll(() => registerForeignContext(foreign));
beforeEach(() => {
  calls = [];
  adopting = false;
});

const name = (): string | undefined => theirs.getStore()?.name;

class Consumer {
  @AsUnitOfWork({ kind: 'message' })
  handle(body: () => unknown): unknown {
    return body();
  }
}

type Enter = (body: () => unknown) => unknown;

describe('a foreign context moves along', () => {
  const moving: readonly (readonly [what: string, enter: Enter, state: string])[] = [
    [
      'a unit of work, which starts with a new one',
      (body) => runUnitOfWork({ kind: 'job' }, body),
      'new for job',
    ],
    ['@AsUnitOfWork, which starts with a new one', (body) => new Consumer().handle(body), 'new for message'],
    ['a task, which gets one derived from that of its parent', (body) => createTask(body), 'parent for task'],
    [
      'a preserved call, which gets one derived from that of its caller',
      (body) => preserveContext(body)(),
      'parent for preserved',
    ],
    [
      'the run of a copied Context, which has the one of the copy',
      (body) => {
        const copy = copyContext();
        return theirs.run({ name: 'elsewhere' }, () => copy.run(body));
      },
      'parent',
    ],
    ['the run of a new Context, which has a new one', (body) => new Context().run(body), 'new for outer'],
    [
      'a bound function, which has the one where it was bound',
      (body) => {
        const bound = bindContext(body);
        return runUnitOfWork({ kind: 'other' }, () => bound());
      },
      'parent',
    ],
    [
      'a listener of a bound emitter, which has the one where it was added',
      async (body) => {
        const emitter = bindEmitter(new EventEmitter());
        const result = new Promise((resolve) => emitter.on('event', () => resolve(outcomeOf(body))));
        runUnitOfWork({ kind: 'sender' }, () => emitter.emit('event'));
        const outcome = (await result) as { value: unknown } | { error: unknown };
        if ('error' in outcome) throw outcome.error;
        return outcome.value;
      },
      'parent',
    ],
  ];

  describe.each(moving)('into %s', (_what, enter, state) => {
    test.each(endings)('and back, when the call %s', (how, end) =>
      runUnitOfWork({ kind: 'outer' }, () =>
        theirs.run({ name: 'parent' }, async () => {
          const seen: unknown[] = [];
          const outcome = await outcomeOf(() =>
            enter(() => {
              seen.push(name());
              return end(() => seen.push(name()));
            }),
          );
          expect(outcome).toEqual(resultOf(how));
          expect(seen).toEqual([state, state]);
          expect(name()).toBe('parent');
        }),
      ),
    );
  });

  test('out of any where a function was bound outside any', () => {
    const bound = bindContext(name);
    expect(theirs.run({ name: 'caller' }, () => runUnitOfWork({ kind: 'other' }, bound))).toBeUndefined();
  });

  test('the same way each time a Context is entered', () =>
    runUnitOfWork({ kind: 'owner' }, () => {
      const context = new Context();
      const first = context.run(() => theirs.getStore());
      const second = runUnitOfWork({ kind: 'other' }, () => context.run(() => theirs.getStore()));
      expect(first?.name).toBe('new for owner');
      expect(second).toBe(first);
    }));
});

describe('a foreign context stays where it is', () => {
  const staying: readonly (readonly [what: string, stay: Enter])[] = [
    ['run', (body) => text.run('value', body)],
    ['run of a ScopedValue', (body) => role.run('value', body)],
    ['withTempContext', (body) => withTempContext([text.as('value'), role.as('value')], body)],
    ['gather', async (body) => (await gather([body]))[0]],
  ];

  test.each(staying)('under %s: it is not called at all', (_what, stay) =>
    runUnitOfWork({ kind: 'outer' }, () =>
      theirs.run({ name: 'parent' }, async () => {
        calls = [];
        const seen = await stay(async () => {
          await setImmediate();
          return name();
        });
        expect(seen).toBe('parent');
        expect(calls).toEqual([]);
      }),
    ),
  );

  test('for get, set, reset and currentUnit: it is not called at all', () =>
    runUnitOfWork({ kind: 'outer' }, () => {
      calls = [];
      const token = text.set('value');
      text.get();
      text.get('fallback');
      text.reset(token);
      role.bind('base');
      role.get();
      currentUnit();
      expect(calls).toEqual([]);
    }));

  test('when a Context that is running is entered again', () =>
    runUnitOfWork({ kind: 'outer' }, () => {
      const context = new Context();
      context.run(() =>
        theirs.run({ name: 'changed inside' }, () => {
          calls = [];
          expect(context.run(name)).toBe('changed inside');
          expect(calls).toEqual([]);
        }),
      );
    }));
});

describe('adopt', () => {
  beforeEach(() => {
    adopting = true;
  });

  test('makes a context that only another library has opened a unit of work', () => {
    expect(currentUnit()).toBeUndefined();
    theirs.run({ name: 'opened by them' }, () => {
      const unit = currentUnit();
      expect(unit?.kind).toBe('theirs');
      expect(currentUnit()).toBe(unit);
      text.set('set there');
      expect(text.get()).toBe('set there');
      role.bind('base');
      expect(role.get()).toBe('base');
    });
    expect(text.get()).toBe('default');
  });

  test('gives each of their contexts a unit of its own', () => {
    const unitOf = (store: Store): UnitOfWork | undefined => theirs.run(store, currentUnit);
    const a: Store = { name: 'a' };
    expect(unitOf(a)).toBe(unitOf(a));
    expect(unitOf(a)).not.toBe(unitOf({ name: 'b' }));
  });

  test('keeps two of their contexts apart that run at once', async () => {
    const work = (value: string): Promise<string> =>
      theirs.run({ name: value }, async () => {
        text.set(value);
        await setImmediate();
        return text.get();
      });
    expect(await Promise.all([work('a'), work('b')])).toEqual(['a', 'b']);
  });

  test('is not asked where a context of ours is active', () =>
    runUnitOfWork({ kind: 'ours' }, () => {
      const here = currentUnit();
      theirs.run({ name: 'nested in ours' }, () => {
        text.set('set there');
        expect(currentUnit()).toBe(here);
      });
      expect(text.get()).toBe('set there');
    }));

  test('lets everything that works on a context work there', () =>
    theirs.run({ name: 'opened by them' }, async () => {
      const here = currentUnit();
      text.set('base');
      expect(copyContext().get(text)).toBe('base');
      expect(await gather([() => text.get(), currentUnit])).toEqual(['base', here]);
      expect(text.run('run', () => [text.get(), currentUnit()])).toEqual(['run', here]);
      expect(withTempContext([text.as('temporary')], () => text.get())).toBe('temporary');
      expect(await createTask(() => [text.get(), name()])).toEqual(['base', 'opened by them for task']);
      expect(preserveContext(() => [text.get(), name()])()).toEqual(['base', 'opened by them for preserved']);
      const bound = bindContext(() => [text.get(), currentUnit(), name()]);
      expect(runUnitOfWork({ kind: 'other' }, bound)).toEqual(['base', here, 'opened by them']);
      expect(text.get()).toBe('base');
    }));
});

describe('registering', () => {
  test('a name again replaces what was registered under it', () => {
    const seen: string[] = [];
    const registerAs = (label: string): void =>
      registerForeignContext<string>({
        name: 'replaced',
        capture: () => undefined,
        run: (_state, fn) => {
          seen.push(label);
          return fn();
        },
        fork: () => undefined,
      });
    registerAs('first');
    registerAs('second');
    runUnitOfWork({ kind: 'test' }, () => {});
    expect(seen).toEqual(['second']);
  });

  test('after a capture: nothing of the new one is active in it', () => {
    const late = new AsyncLocalStorage<string | undefined>();
    const bound = runUnitOfWork({ kind: 'test' }, () => bindContext(() => late.getStore()));
    registerForeignContext<string>({
      name: 'late',
      capture: () => late.getStore(),
      run: (state, fn) => late.run(state, fn),
      fork: (state) => state,
    });
    expect(late.run('of the caller', bound)).toBeUndefined();
    expect(late.run('of the caller', () => bindContext(() => late.getStore())())).toBe('of the caller');
  });
});

describe('what another library has opened for just this work', () => {
  interface Trace {
    readonly of: string;
  }
  const traces = new AsyncLocalStorage<Trace | undefined>();
  const known: (Trace | undefined)[] = [];
  const traced = (): string | undefined => traces.getStore()?.of;

  beforeAll(() =>
    registerForeignContext<Trace>({
      name: 'traces',
      capture: () => traces.getStore() ?? { of: 'nobody' },
      run: (state, fn) => traces.run(state, fn),
      fork: (state) => state,
      entry: (around) => {
        known.push(around);
        const active = traces.getStore();
        return active?.of.startsWith('entry') && active !== around ? active : undefined;
      },
    }),
  );
  beforeEach(() => known.splice(0));

  const inTrace = <R>(of: string, fn: () => R): R => traces.run({ of }, fn);
  const unit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'entry' }, fn);

  test('stays active in a unit of work that begins empty, and nothing else does', () => {
    expect(inTrace('entry', () => unit(traced))).toBe('entry');
    expect(inTrace('other', () => unit(traced))).toBeUndefined();
  });

  test('is not asked for where something was captured', async () => {
    await inTrace('entry', () => createTask(traced));
    const copy = inTrace('other', () => copyContext());
    expect(inTrace('entry', () => copy.run(traced))).toBe('other');
    expect(known).toEqual([]);
  });

  test('is told what the unit of work around has', () => {
    inTrace('entry', () => unit(() => unit(traced)));
    expect(known).toEqual([undefined, { of: 'entry' }]);
  });

  test('is the unit of work that is entered again later, wherever that is', () => {
    const entered = inTrace('entry', () => unit(() => bindContext(traced)));
    expect(inTrace('elsewhere', entered)).toBe('entry');
  });

  test('a copy from outside any has what was active there, and what else a unit of work has', () => {
    const copy = inTrace('script', () => copyContext());
    const enter = () => copy.run(() => [traced(), theirs.getStore()] as const);
    unit(() => {
      const [of, store] = enter();
      expect([of, store?.name]).toEqual(['script', 'new for entry']);
      // The same one each time.
      expect(enter()[1]).toBe(store);
    });
  });

  test('a copy from outside any that a unit of work was begun in has what that has', () => {
    const copy = inTrace('script', () => copyContext());
    runUnitOfWork({ kind: 'given', context: copy }, () => {
      const store = theirs.getStore();
      expect([traced(), store?.name]).toEqual(['script', 'new for given']);
      expect(unit(() => copy.run(() => theirs.getStore()))).toBe(store);
    });
  });

  test('a run outside any leaves what is active as it is', async () => {
    await inTrace('script', async () => {
      expect(text.run('value', traced)).toBe('script');
      expect(withTempContext([text.as('value')], traced)).toBe('script');
      expect(await gather([traced])).toEqual(['script']);
    });
  });
});

describe('registering is a TypeError', () => {
  const right = {
    name: 'wrong',
    capture: () => undefined,
    run: <R>(_: unknown, fn: () => R) => fn(),
    fork: () => undefined,
  };
  const FUNCTION = 'a function, got';
  const cases: readonly (readonly [how: string, foreign: unknown, expected: string])[] = [
    ['without an object', undefined, 'a ForeignContext, got undefined'],
    ['without a name', { ...right, name: '' }, 'a non-empty string as name, got a string'],
    ['without capture', { ...right, capture: undefined }, FUNCTION],
    ['with an entry that is no function', { ...right, entry: 1 }, FUNCTION],
    ['with an adopt that is no function', { ...right, adopt: 1 }, FUNCTION],
    ['with a release that is no function', { ...right, release: 1 }, FUNCTION],
    ['with a carried that is no object', { ...right, carried: 1 }, 'an object as carried, got a number'],
    ['with a carried that cannot read', { ...right, carried: { write: () => ({}) } }, FUNCTION],
    ['with a carried that cannot write', { ...right, carried: { read: () => undefined } }, FUNCTION],
    [
      'with a carried whose forget is no function',
      { ...right, carried: { read: () => undefined, write: () => ({}), forget: 1 } },
      FUNCTION,
    ],
  ];
  test.each(cases)('%s', (_how, foreign, expected) => {
    expect(() => registerForeignContext(foreign as never)).toThrow(
      `registerForeignContext: expected ${expected}`,
    );
  });
});
