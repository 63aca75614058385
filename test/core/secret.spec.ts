// The values of a secret variable appear nowhere: not in inspect, JSON, error messages or diagnostics.

import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import { format, type InspectOptions, inspect } from 'node:util';
import {
  AsUnitOfWork,
  bindContext,
  Context,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  gather,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  type Token,
  WithTempContext,
  withTempContext,
} from '../../src/core/index.js';
import { thrownBy } from './support/outcome.js';

const CANARY = randomUUID();

interface Secret {
  readonly text: string;
  toString(): string;
}

/** A value that gives itself away however it is printed. */
function secret(what: string): Secret {
  const text = `${CANARY}-${what}`;
  return { text, toString: () => text };
}

/** Which secrets a text contains; a failing test then says which one, and not everything that was printed. */
function foundIn(text: string | undefined): string[] {
  return [...new Set(text?.match(new RegExp(`${CANARY}-[\\w-]*`, 'g')) ?? [])];
}

const variable = new ContextVar<Secret>('api key', { secret: true, default: secret('default') });
const bare = new ContextVar<Secret>('bare', { secret: true });
const scoped = new ScopedValue<Secret>('role', { secret: true });
const unbound = new ScopedValue<Secret>('unbound', { secret: true });

const PRINTED: readonly InspectOptions[] = [
  {},
  { depth: Infinity },
  { depth: Infinity, showHidden: true },
  { depth: Infinity, showHidden: true, showProxy: true },
  { depth: Infinity, showHidden: true, customInspect: false, showProxy: true },
];

/** Everything that printing shows of a value. */
function printed(value: unknown): string {
  const parts = PRINTED.map((options) => inspect(value, options));
  // What Node hangs on its own objects is under symbols, and its own inspect does not go down to it.
  if (typeof value === 'object' && value !== null) {
    for (const key of Reflect.ownKeys(value)) {
      const held: unknown = Reflect.get(value, key);
      if (typeof key === 'symbol' && typeof held === 'object') {
        parts.push(...PRINTED.map((options) => inspect(held, options)));
      }
    }
  }
  parts.push(format('%o %O %s', value, value, value), inspect({ nested: { value } }), inspect([value]));
  return parts.join('\n');
}

function json(value: unknown): string | undefined {
  try {
    return JSON.stringify({ value, list: [value] });
  } catch (error) {
    // A circular structure of Node's own; the error shows its keys.
    return String(error);
  }
}

type Holder = readonly [what: string, holder: unknown];

/** Runs `use` with whatever can hold a secret, where many of them are set. */
async function withHolders(use: (holders: Holder[]) => void): Promise<void> {
  const timers: NodeJS.Timeout[] = [];
  const made = async (place: string): Promise<Holder[]> => {
    const timer = setTimeout(() => {}, 60_000).unref();
    timers.push(timer);
    const immediate = globalThis.setImmediate(() => {});
    const pending = new Promise(() => {});
    const chained = pending.then(() => {});
    const controller = new AbortController();
    class Resource extends AsyncResource {}
    return [
      [`a Timeout made ${place}`, timer],
      [`an Immediate made ${place}`, immediate],
      [`a Promise made ${place}`, pending],
      [`a chained Promise made ${place}`, chained],
      [`an AsyncResource made ${place}`, new Resource('TEST')],
      [`an AbortSignal made ${place}`, controller.signal],
      [`the unit ${place}`, currentUnit()],
      [`a Context copied ${place}`, copyContext()],
      [`a bound function made ${place}`, bindContext(() => {})],
      [`a preserved function made ${place}`, preserveContext(() => {})],
    ];
  };
  await runUnitOfWork({ kind: 'test' }, async () => {
    const holders: Holder[] = [
      ['the variable', variable],
      ['the scoped value', scoped],
      ['a binding', variable.as(secret('binding'))],
      ['a binding of the scoped value', scoped.as(secret('scoped-binding'))],
      ['a new Context', new Context()],
    ];
    const first = variable.set(secret('set'));
    const token = variable.set(secret('set-again'));
    scoped.bind(secret('base'));
    bare.set(secret('bare'));
    holders.push(['a token', first], ['a token with a secret oldValue', token]);
    holders.push(...(await made('in the unit')));
    await variable.run(secret('run'), async () => {
      holders.push(['a token under run', variable.set(secret('set-under-run'))]);
      holders.push(...(await made('under run')));
    });
    await withTempContext(
      [variable.as(secret('temporary')), scoped.as(secret('scoped-temporary'))],
      async () => {
        holders.push(...(await made('under a temporary scope')));
        holders.push(['a Promise of a temporary scope', withTempContext([], () => new Promise(() => {}))]);
        await gather([async () => void holders.push(...(await made('in a branch of gather')))]);
        await createTask(async () => void holders.push(...(await made('in a task'))));
      },
    );
    async function* generate(): AsyncGenerator<number> {
      yield 1;
    }
    holders.push(['an iterator', withTempContext([scoped.as(secret('iterator'))], generate)]);
    holders.push(['a Context with secrets, entered', copyContext()]);
    class Vault {
      @WithTempContext(scoped.as(secret('decorator')))
      @AsUnitOfWork({ kind: 'vault' })
      open(): void {}
    }
    holders.push(['a decorated class', Vault], ['a decorated method', Vault.prototype.open]);
    variable.reset(token);
    use(holders);
  });
  for (const timer of timers) clearTimeout(timer);
}

test('the check finds a secret that is printed', () => {
  const open = new ContextVar<Secret>('open', { default: secret('open') });
  expect(foundIn(printed(open))).toEqual([`${CANARY}-open`]);
  new Context().run(() => {
    open.set(secret('in-context'));
    expect(foundIn(printed(copyContext()))).toEqual(expect.arrayContaining([`${CANARY}-in-context`]));
  });
});

test('inspect shows none, of anything that holds one', () =>
  withHolders((holders) => {
    const leaks = holders.flatMap(([what, holder]) => foundIn(printed(holder)).map((leak) => [what, leak]));
    expect(leaks).toEqual([]);
  }));

test('inspect shows none from outside the context either', async () => {
  let kept: Holder[] = [];
  await withHolders((holders) => {
    kept = holders;
  });
  const leaks = kept.flatMap(([what, holder]) => foundIn(printed(holder)).map((leak) => [what, leak]));
  expect(leaks).toEqual([]);
});

// `oldValue` of a token is public: who asks for it by name, as this option does, gets it.
test('inspect with getters shows none of what Node holds for the context', () =>
  withHolders((holders) => {
    const leaks = holders
      .filter(([, holder]) => !isToken(holder))
      .flatMap(([what, holder]) => {
        const options: InspectOptions = { depth: Infinity, showHidden: true, getters: true };
        const texts = [inspect(holder, options), inspect(holder, { ...options, customInspect: false })];
        return foundIn(texts.join('\n')).length > 0 ? [what] : [];
      });
    expect(leaks).toEqual([]);
  }));

function isToken(holder: unknown): holder is Token<Secret> {
  return typeof holder === 'object' && holder !== null && 'oldValue' in holder;
}

test('JSON and text show none', () =>
  withHolders((holders) => {
    const leaks = holders.flatMap(([what, holder]) => {
      const texts = [json(holder)];
      if (
        typeof holder !== 'object' ||
        holder === null ||
        Symbol.toPrimitive in holder ||
        'toString' in holder
      ) {
        texts.push(String(holder));
      }
      return texts.flatMap(foundIn).map((leak) => [what, leak]);
    });
    expect(leaks).toEqual([]);
  }));

test('a secret variable says that it is one', () => {
  expect(inspect(variable)).toBe("ContextVar { 'api key', secret }");
  expect(inspect(scoped)).toBe("ScopedValue { 'role', secret }");
  new Context().run(() => {
    variable.set(secret('set'));
    expect(inspect(copyContext())).toBe("Context(1) { 'api key' => <secret> }");
  });
});

describe('error messages', () => {
  async function* generate(): AsyncGenerator<Secret> {
    yield variable.get();
  }
  const value = secret('error');
  const stream = { pipe: () => {}, on: () => {} };

  const failures: readonly (readonly [what: string, fail: () => unknown])[] = [
    ['a variable without a value', () => new Context().run(() => bare.get())],
    ['a scoped value without a value', () => unbound.get()],
    ['a set outside any context', () => variable.set(value)],
    ['a bind outside any', () => scoped.bind(value)],
    [
      'a second bind',
      () =>
        runUnitOfWork({ kind: 'test' }, () => {
          scoped.bind(value);
          scoped.bind(secret('second'));
        }),
    ],
    ['a bind under a temporary binding', () => scoped.run(value, () => scoped.bind(secret('second')))],
    [
      'a used token',
      () =>
        new Context().run(() => {
          const token = variable.set(value);
          variable.reset(token);
          variable.reset(token);
        }),
    ],
    ['a token of another variable', () => new Context().run(() => bare.reset(variable.set(value)))],
    [
      'a token of another Context',
      () => {
        const token = new Context().run(() => variable.set(value));
        variable.reset(token);
      },
    ],
    ['a captured scoped value', () => scoped.run(value, () => copyContext().run(() => scoped.get()))],
    ['a stream as result', () => withTempContext([variable.as(value), scoped.as(value)], () => stream)],
    ['a value as function to run', () => variable.run(value, value as never)],
    ['a value as function to run with a scoped value', () => scoped.run(value, value as never)],
    ['a value as token', () => variable.reset(value as never)],
    ['a text as token', () => variable.reset(value.text as never)],
    ['a value as binding', () => withTempContext([value as never], () => {})],
    ['a value as bindings', () => withTempContext(value as never, () => {})],
    ['a text as task', () => createTask(value.text as never)],
    ['a value as options', () => new ContextVar('name', value.text as never)],
    ['a value as name', () => new ContextVar(value as never)],
    ['a value as key of a Context', () => new Context().get(value as never)],
    ['a value as context', () => runUnitOfWork({ kind: 'test', context: value as never }, generate)],
  ];

  test.each(failures)('of %s show none', (_what, fail) => {
    const error = thrownBy(fail) as Error;
    const texts = [error.message, error.stack, String(error), json(error), printed(error)];
    expect(texts.flatMap(foundIn)).toEqual([]);
    expect(error.message).not.toBe('');
  });

  test('of work that a temporary scope has left running show none', async () => {
    const errors: unknown[] = [];
    let left: Promise<void> | undefined;
    const collect = (fail: () => unknown): void => void errors.push(thrownBy(fail));
    await runUnitOfWork({ kind: 'test' }, async () => {
      await withTempContext([variable.as(value), scoped.as(value)], async () => {
        left = setImmediate()
          .then(() => setImmediate())
          .then(() => {
            collect(() => variable.set(secret('later')));
            collect(() => scoped.get());
            collect(() => scoped.bind(secret('later')));
          });
      });
      await left;
    });
    expect(errors).toHaveLength(3);
    expect(errors.flatMap((error) => foundIn(printed(error) + (error as Error).stack))).toEqual([]);
  });
});

test('diagnostics show none', async () => {
  const messages: unknown[] = [];
  const names = ['unit:start', 'unit:end', 'scope:start', 'scope:end', 'task:start', 'task:end'];
  const listener = (message: unknown): void => {
    messages.push(message);
    // Also at the moment of the message, when everything is still in force.
    leaks.push(...foundIn(printed(message)), ...foundIn(json(message)));
  };
  const leaks: string[] = [];
  for (const name of names) subscribe(`nestjs-contextvars:${name}`, listener);
  try {
    await withHolders(() => {});
  } finally {
    for (const name of names) unsubscribe(`nestjs-contextvars:${name}`, listener);
  }
  expect(messages.length).toBeGreaterThan(6);
  expect(leaks).toEqual([]);
  expect(messages.flatMap((message) => foundIn(printed(message)))).toEqual([]);
});

test('nor does what Node holds for a branch of gather under a temporary scope', async () => {
  const canary = `canary-${Math.random()}`;
  const variable = new ContextVar<string>('forked', { secret: true });
  await runUnitOfWork({ kind: 'test' }, () =>
    withTempContext([variable.as(canary)], () =>
      gather([
        async () => {
          for (const customInspect of [true, false]) {
            const shown = inspect(Promise.resolve(), { depth: Infinity, showHidden: true, customInspect });
            expect(shown).not.toContain(canary);
          }
        },
      ]),
    ),
  );
});
