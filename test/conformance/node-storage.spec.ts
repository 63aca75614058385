// What Node's tests of AsyncLocalStorage assert, in our own words, of ContextVar and Context. `run(store, fn)` there is
// `variable.run(value, fn)` here; a store that is left (`exit`) is an empty Context that is entered; what is entered for
// good (`enterWith`) is `set` in a unit of work. docs/conformance.md has the list. Needs --expose-gc.

import { channel } from 'node:diagnostics_channel';
import { finished, Readable } from 'node:stream';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { createGzip } from 'node:zlib';
import {
  bindContext,
  Context,
  ContextVar,
  copyContext,
  createTask,
  runUnitOfWork,
} from '../../src/core/index.js';
import { outcomeOf, thrownBy, withCode } from '../core/support/outcome.js';
import { stillHeld } from '../support/collector.js';

const one = new ContextVar<unknown>('one', { default: undefined });
const two = new ContextVar<unknown>('two', { default: undefined });
const read = (): unknown[] => [one.get(), two.get()];

describe('async-hooks', () => {
  test('args: run and its inverse pass arguments and results', () => {
    one.run('value', () => {
      const inverse = new Context().run((...args: unknown[]) => [one.get(), ...args], 1, 2);
      expect(inverse).toEqual([undefined, 1, 2]);
      const again = copyContext().run((...args: unknown[]) => [one.get(), ...args], 1, 2);
      expect(again).toEqual(['value', 1, 2]);
    });
  });

  test('async-await: an async function reads the same before and after it waits', async () => {
    const seen: unknown[] = [];
    const body = async () => {
      seen.push(one.get());
      await null;
      seen.push(one.get());
      await sleep(1);
      seen.push(one.get());
    };
    await one.run('value', body);
    expect(seen).toEqual(['value', 'value', 'value']);
    expect(one.get()).toBeUndefined();
  });

  test('async-functions: what one sets is read in what it calls and what calls it', async () => {
    const inner = async () => {
      await null;
      const seen = one.get();
      one.set('from inside');
      return seen;
    };
    await createTask(async () => {
      one.set('value');
      await null;
      expect(await inner()).toBe('value');
      expect(one.get()).toBe('from inside');
    });
    expect(one.get()).toBeUndefined();
  });

  test('promises: a chain with a promise in each link reads one value', async () => {
    const wait = promisify(setTimeout);
    await one.run('value', async () => {
      await wait(1);
      await Promise.resolve().then(() =>
        wait(1).then(() =>
          wait(1).then(async () => {
            expect(one.get()).toBe('value');
          }),
        ),
      );
      expect(one.get()).toBe('value');
    });
  });

  test('nested: a timer in two nested runs reads both', async () => {
    const seen = await new Promise<unknown[]>((resolve) => {
      one.run('world', () => two.run('foo', () => void setTimeout(() => resolve(read()), 1)));
    });
    expect(seen).toEqual(['world', 'foo']);
  });

  test('no-mix-contexts: two variables and two runs at once, each timer reads its own', async () => {
    const timer = (body: () => unknown) =>
      new Promise<unknown>((resolve) => void setTimeout(() => resolve(body()), 1));
    const seen = await Promise.all([
      timer(() =>
        one.run('world', () =>
          two.run('foo', () =>
            timer(() => {
              const left = new Context().run(() => two.run('foo', read));
              return [read(), left, read()];
            }),
          ),
        ),
      ),
      timer(() => one.run('earth', () => timer(read))),
    ]);
    expect(seen).toEqual([
      [
        ['world', 'foo'],
        [undefined, 'foo'],
        ['world', 'foo'],
      ],
      ['earth', undefined],
    ]);
  });

  test.each([42, 'text', '', 0, null, undefined, Number.NaN, Symbol.iterator, 10n, [], {}, () => {}])(
    'misc-stores: %p can be a value',
    async (value) => {
      await one.run(value, async () => {
        expect(one.get('unset')).toBe(value);
        await null;
        expect(one.get('unset')).toBe(value);
      });
      expect(one.get('unset')).toBe('unset');
    },
  );

  describe('thenable', () => {
    const seen: unknown[] = [];
    const thenable = () => ({
      then(done: (value: unknown) => void) {
        seen.push(one.get());
        setImmediate(done, 'done');
      },
    });
    const forms: Record<string, () => unknown> = {
      'is awaited': async () => await thenable(),
      'is returned by an async function': async () => {
        try {
          return thenable();
        } finally {
          await null;
        }
      },
      'resolves a promise': () => Promise.resolve(thenable()),
      'is returned by a then callback': () =>
        Promise.resolve<unknown>(undefined).then(() => thenable() as PromiseLike<unknown>),
      'is returned by the function': () => thenable(),
    };

    test.each(Object.entries(forms))('thenable: its then runs where it %s', async (_form, body) => {
      seen.length = 0;
      const result = await one.run('value', async () => {
        const given = await body();
        return [given, one.get()];
      });
      expect(result).toEqual(['done', 'value']);
      expect(seen).toEqual(['value']);
    });

    test('thenable: run follows one that its function gives', async () => {
      seen.length = 0;
      expect(await one.run('value', thenable)).toBe('done');
      expect(seen).toEqual(['value']);
    });
  });

  // Node 20 loses it by itself.
  test('stream-finished: the callback of finished() runs where it was given, where it is bound', async () => {
    const stream = new Readable();
    const seen = new Promise<unknown>((resolve) => {
      one.run('value', () =>
        finished(
          stream,
          bindContext(() => resolve(one.get())),
        ),
      );
    });
    one.run('elsewhere', () => stream.destroy());
    expect(await seen).toBe('value');
  });
});

describe('parallel', () => {
  test('isolation: variables do not touch each other, whichever is set, run or left', () => {
    runUnitOfWork({ kind: 'test' }, () => {
      one.run('1', () => {
        expect(read()).toEqual(['1', undefined]);
        two.run('2', () => expect(read()).toEqual(['1', '2']));
        expect(read()).toEqual(['1', undefined]);
        two.set('3');
        expect(read()).toEqual(['1', '3']);
      });
      // Set inside a run of another variable, and therefore for the unit of work.
      expect(read()).toEqual([undefined, '3']);
    });
    expect(read()).toEqual([undefined, undefined]);
  });

  test('snapshot: a copied Context reads what it was copied from, wherever it is run', () => {
    const context = one.run(123, () => copyContext());
    expect(one.run(321, () => context.run(() => one.get()))).toBe(123);
  });

  test('bind: only functions can be bound; arguments and results pass', () => {
    for (const wrong of [1, false, '', {}, [], undefined] as never[])
      expect(() => bindContext(wrong)).toThrow(TypeError);
    expect(bindContext(() => 123)()).toBe(123);
    expect(bindContext((arg: string) => arg)('test')).toBe('test');
    const bound = one.run('value', () => bindContext(() => one.get()));
    expect(one.run('elsewhere', bound)).toBe('value');
  });

  test('deep-stack: a thousand runs inside each other', () => {
    const nest = (depth: number): unknown =>
      depth === 0 ? read() : (depth % 2 === 0 ? one : two).run(depth, () => nest(depth - 1));
    expect(nest(1000)).toEqual([2, 1]);
    expect(read()).toEqual([undefined, undefined]);
    const contexts = (depth: number): unknown =>
      depth === 0 ? one.get() : new Context().run(contexts, depth - 1);
    expect(one.run('value', () => contexts(200))).toBeUndefined();
  });

  test('exit-does-not-leak: leaving and running in turn, again and again', () => {
    const turn = (count: number): void => {
      if (count === 0) return;
      expect(one.get()).toBeUndefined();
      one.run('value', () => {
        expect(one.get()).toBe('value');
        new Context().run(turn, count - 1);
        expect(one.get()).toBe('value');
      });
    };
    turn(100);
    expect(one.get()).toBeUndefined();
  });

  test('contexts: async functions of two realms at once', async () => {
    const realm = createContext({ one });
    const there = runInContext(
      `one.run('vm', async () => { const before = one.get(); await 42; return before + one.get(); })`,
      realm,
    ) as Promise<string>;
    const here = one.run('main', async () => {
      const before = one.get();
      await 42;
      return `${before}${one.get()}`;
    });
    expect(await Promise.all([there, here])).toEqual(['vmvm', 'mainmain']);
  });

  test('als-defaultvalue: the default is read where nothing is bound; options of a wrong type are refused', () => {
    expect(new ContextVar('plain', { default: 'default' }).get()).toBe('default');
    expect(new ContextVar('null', { default: null }).get()).toBeNull();
    expect(() => new ContextVar('none').get()).toThrow(withCode('ERR_VAR_UNSET'));
    expect(() => new ContextVar('wrong', null as never)).toThrow(TypeError);
    expect(new ContextVar('test').name).toBe('test');
  });

  test('enter-with: a set lasts for the unit of work, and no longer', async () => {
    const seen = await runUnitOfWork({ kind: 'test' }, async () => {
      one.set('entered');
      await immediate();
      return one.get();
    });
    expect([seen, one.get()]).toEqual(['entered', undefined]);
    expect(thrownBy(() => one.set('nowhere'))).toEqual(withCode('ERR_NO_ACTIVE_CONTEXT'));
  });

  test('run-scope: a token as a block scope, which its owner alone can end', () => {
    runUnitOfWork({ kind: 'test' }, () => {
      {
        using token = one.set('inner');
        expect(token.var.get()).toBe('inner');
      }
      expect(one.get()).toBeUndefined();
    });
    // Node injects the value of the one scope into the other.
    const token = new Context().run(() => one.set('theirs'));
    const dispose = () => runUnitOfWork({ kind: 'test' }, () => token[Symbol.dispose]());
    expect(thrownBy(dispose)).toEqual(withCode('ERR_TOKEN_FOREIGN_CONTEXT'));
  });

  test('diagnostics-channel-bind-store: a subscriber runs where the message is published', () => {
    const messages = channel('conformance');
    const seen: unknown[] = [];
    const onMessage = () => seen.push(one.get());
    one.run('subscribed', () => messages.subscribe(onMessage));
    one.run('published', () => messages.publish({}));
    messages.publish({});
    expect(messages.unsubscribe(onMessage)).toBe(true);
    expect(seen).toEqual(['published', undefined]);
  });
});

describe('errors', () => {
  test('an error of a run passes, and what was outside is back', async () => {
    const failure = new Error('failed');
    const fail = (): never => {
      throw failure;
    };
    expect(thrownBy(() => one.run('value', fail))).toBe(failure);
    expect(one.get()).toBeUndefined();
    const late = async () => {
      await sleep(1);
      fail();
    };
    expect(await outcomeOf(() => one.run('value', late))).toEqual({ error: failure });
    expect(one.get()).toBeUndefined();
  });
});

describe('the garbage collector', () => {
  // What it leaves for once differs from run to run.
  jest.retryTimes(3);

  test('gcable: a variable is collected once nobody holds it, though a Context has a value of it', async () => {
    const context = new Context();
    const make = (): WeakRef<object> => {
      const variable = new ContextVar<object>('gone');
      context.run(() => variable.set({}));
      return new WeakRef<object>(variable);
    };
    const ref = make();
    expect(await stillHeld([ref])).toEqual([]);
    expect(context.size).toBe(0);
  });

  test('weak-asyncwrap-leak: a value that refers to a native handle that was made under it', async () => {
    const make = async (): Promise<WeakRef<object>> => {
      const value: { zip?: object } = {};
      await one.run(value, async () => {
        const zip = createGzip();
        value.zip = (zip as unknown as { _handle: object })._handle;
        zip.end('hello world');
        for await (const _ of zip);
      });
      return new WeakRef<object>(value);
    };
    const ref = await make();
    expect(await stillHeld([ref])).toEqual([]);
  });
});
