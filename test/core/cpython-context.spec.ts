// Every case of CPython's Lib/test/test_context.py, class ContextTest, that has a meaning in JavaScript,
// under its name there.
//
// Not here: test_context_new_unhashable_str_subclass and test_context_eq_reentrant_contextvar_set_in_hash
// (JavaScript has neither subclasses of strings nor user-defined hashes).

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Context, ContextVar, copyContext, createTask, gather, Token } from '../../src/core/index.js';
import { type CompiledCore, compileCore } from './support/compiled-core.js';
import { coreError } from './support/core-error.js';
import { outcomeOf } from './support/outcome.js';

/**
 * As CPython's decorator of this name: the test runs in an empty Context of its own. Variables are made
 * outside, where they belong.
 */
function isolated<V, R>(variables: () => V, body: (made: V) => R): () => R {
  return () => new Context().run(body, variables());
}

describe('variables', () => {
  // A variable needs exactly a string as name, keeps it, and is told apart by identity.
  test('test_context_var_new_1', () => {
    const make = ContextVar as unknown as new (...args: unknown[]) => ContextVar<unknown>;
    expect(() => new make()).toThrow(TypeError);
    expect(() => new make(1)).toThrow(TypeError);

    const c = new ContextVar('aaa');
    expect(c.name).toBe('aaa');
    expect(() => {
      (c as { name: string }).name = 'bbb';
    }).toThrow(TypeError);
    expect(c.name).toBe('aaa');
    // Python: hash(c) != hash('aaa'). Here the key of a Map is the variable itself.
    expect(new Map<unknown, number>([[c, 1]]).get('aaa')).toBeUndefined();
    expect(new Map([[c, 1]]).get(new ContextVar('aaa'))).toBeUndefined();
  });

  // What a variable and a token look like in a log: name, default, and whether the token has been used.
  test(
    'test_context_var_repr_1',
    isolated(
      () => {
        const list: unknown[] = [];
        return {
          plain: new ContextVar('a'),
          withDefault: new ContextVar('a', { default: 123 }),
          list,
          c: new ContextVar<unknown>('a', { default: list }),
        };
      },
      ({ plain, withDefault, list, c }) => {
        expect(inspect(plain)).toContain('a');
        expect(inspect(withDefault)).toContain('123');

        list.push(c);
        expect(inspect(c)).toContain('...');
        expect(inspect(list)).toContain('ContextVar');

        const t = c.set(1);
        expect(inspect(t)).toContain("'a'");
        expect(inspect(t)).not.toContain(' used');
        c.reset(t);
        expect(inspect(t)).toContain(' used');
      },
    ),
  );

  // A token says which variable it is of, and not what the value was.
  test(
    'test_token_repr_1',
    isolated(
      () => ({ c: new ContextVar<string>('a') }),
      ({ c }) => {
        expect(inspect(c.set('value'))).toBe("Token { var: ContextVar { 'a' } }");
      },
    ),
  );

  // The classes are final: a subclass could forge what the checks rely on.
  test('test_context_subclassing_1', () => {
    class MyContextVar extends ContextVar<unknown> {}
    class MyContext extends Context {}
    class MyToken extends (Token as unknown as new (...args: unknown[]) => object) {}

    expect(() => new MyContextVar('a')).toThrow(TypeError);
    expect(() => new MyContext()).toThrow(TypeError);
    expect(() => new MyToken()).toThrow(TypeError);
  });
});

describe('contexts', () => {
  // A Context starts empty: its constructor takes no arguments.
  test('test_context_new_1', () => {
    const make = Context as unknown as new (...args: unknown[]) => Context;
    expect(() => new make(1)).toThrow(TypeError);
    expect(() => new make(1, { a: 1 })).toThrow(TypeError);
    expect(() => new make({ a: 1 })).toThrow(TypeError);
    expect(new make(...[]).size).toBe(0);
  });

  // A Context is keyed by variables; another key is a mistake and not an unset variable.
  test('test_context_typerrors_1', () => {
    const ctx = new Context();
    expect(() => ctx.get(1 as never)).toThrow(/ContextVar as key/);
    expect(() => ctx.get(1 as never)).toThrow(TypeError);
    expect(() => ctx.has(1 as never)).toThrow(TypeError);
    expect(() => ctx.get('name' as never)).toThrow(TypeError);
  });

  // The current context can be copied anywhere, also where there is none.
  test('test_context_get_context_1', () => {
    expect(copyContext()).toBeInstanceOf(Context);
  });

  // A Context can be read like a Map.
  test(
    'test_context_isinstance',
    isolated(
      () => ({ c: new ContextVar<number>('c') }),
      ({ c }) => {
        c.set(1);
        const ctx = copyContext();
        expect(ctx.size).toBe(1);
        expect(ctx.has(c)).toBe(true);
        expect(ctx.get(c)).toBe(1);
        expect([...ctx.keys()]).toEqual([c]);
        expect([...ctx.values()]).toEqual([1]);
        expect([...ctx.entries()]).toEqual([[c, 1]]);
        expect(new Map(ctx)).toEqual(new Map([[c, 1]]));
        expect(ctx.equals(copyContext())).toBe(true);
      },
    ),
  );

  // `equals` compares values by identity and calls no code of theirs, so none can change a Context meanwhile.
  test(
    'test_context_eq_reentrant_contextvar_set',
    isolated(
      () => ({ c: new ContextVar<unknown>('c') }),
      ({ c }) => {
        const touched = jest.fn();
        class Nosy {
          valueOf(): number {
            touched();
            return 1;
          }
          [Symbol.toPrimitive](): number {
            touched();
            return 1;
          }
          equals(): boolean {
            touched();
            return true;
          }
        }
        const contextWith = (value: unknown): Context => {
          const ctx = new Context();
          ctx.run(() => c.set(value));
          return ctx;
        };
        const nosy = new Nosy();
        expect(contextWith(nosy).equals(contextWith(new Nosy()))).toBe(false);
        expect(contextWith(nosy).equals(contextWith(nosy))).toBe(true);
        expect(contextWith(Number.NaN).equals(contextWith(Number.NaN))).toBe(true);
        expect(touched).not.toHaveBeenCalled();
      },
    ),
  );
});

describe('Context.run', () => {
  // There is nothing to run without a function.
  test('test_context_run_1', () => {
    const ctx = new Context();
    expect(() => (ctx.run as () => unknown).call(ctx)).toThrow(TypeError);
  });

  // Arguments and the result pass through, for plain and for bound functions.
  test('test_context_run_2', () => {
    const ctx = new Context();
    const func = (...args: unknown[]): unknown[] => [...args, 'bar'];
    function method(this: unknown, ...args: unknown[]): unknown[] {
      return [this, ...args];
    }
    const self = { some: 'object' };
    expect(ctx.run(func)).toEqual(['bar']);
    expect(ctx.run(func, 1)).toEqual([1, 'bar']);
    expect(ctx.run(func, 1, 2)).toEqual([1, 2, 'bar']);
    expect(ctx.run(method.bind(self, 0))).toEqual([self, 0]);
    expect(ctx.run(method.bind(self, 0), 11)).toEqual([self, 0, 11]);
  });

  // What the function throws, or rejects with, comes out as it is.
  test('test_context_run_3', async () => {
    const ctx = new Context();
    const failure = new RangeError('1 / 0');
    const func = (..._args: unknown[]): never => {
      throw failure;
    };
    const asyncFunc = async (..._args: unknown[]): Promise<never> => {
      await delay(1);
      throw failure;
    };
    expect(() => ctx.run(func)).toThrow(failure);
    expect(() => ctx.run(func, 1, 2)).toThrow(failure);
    expect(await outcomeOf(() => ctx.run(asyncFunc))).toEqual({ error: failure });
    expect(await outcomeOf(() => ctx.run(asyncFunc, 1, 2))).toEqual({ error: failure });
  });

  // A Context that is run inside another one sees nothing of it, and leaves it as it was.
  test(
    'test_context_run_4',
    isolated(
      () => ({ c: new ContextVar<string>('var') }),
      ({ c }) => {
        const ctx1 = new Context();
        const ctx2 = new Context();

        const func2 = (): void => {
          expect(c.get(null)).toBeNull();
        };
        const func1 = (): Context => {
          expect(c.get(null)).toBeNull();
          c.set('spam');
          ctx2.run(func2);
          expect(c.get(null)).toBe('spam');

          const cur = copyContext();
          expect(cur.size).toBe(1);
          expect(cur.get(c)).toBe('spam');
          return cur;
        };

        const returned = ctx1.run(func1);
        expect(ctx1.equals(returned)).toBe(true);
        expect(returned.get(c)).toBe('spam');
        expect(returned.has(c)).toBe(true);
      },
    ),
  );

  // What was set before an error stays in the Context and does not leak out of it.
  test('test_context_run_5', async () => {
    const ctx = new Context();
    const c = new ContextVar<string>('var');
    const failure = new Error('failed');

    expect(() =>
      ctx.run(() => {
        expect(c.get(null)).toBeNull();
        c.set('spam');
        throw failure;
      }),
    ).toThrow(failure);
    expect(c.get(null)).toBeNull();

    const rejected = outcomeOf(() =>
      ctx.run(async () => {
        await delay(1);
        c.set('ham');
        throw failure;
      }),
    );
    expect(await rejected).toEqual({ error: failure });
    expect(c.get(null)).toBeNull();
    expect(ctx.get(c)).toBe('ham');
  });

  // A default is no value: the Context has none until the variable is set.
  test('test_context_run_6', () => {
    const ctx = new Context();
    const c = new ContextVar<number>('a', { default: 0 });
    ctx.run(() => {
      expect(c.get()).toBe(0);
      expect(ctx.get(c)).toBeUndefined();
      expect(ctx.has(c)).toBe(false);

      c.set(42);
      expect(c.get()).toBe(42);
      expect(ctx.get(c)).toBe(42);
    });
  });

  // Departure: Python forbids to enter a running Context again; listeners in JavaScript need it.
  test('test_context_run_7', () => {
    const ctx = new Context();
    const c = new ContextVar<number>('c', { default: 0 });
    const fun = (depth: number): number => {
      c.set(c.get() + 1);
      return depth === 0 ? c.get() : ctx.run(fun, depth - 1);
    };
    expect(ctx.run(fun, 3)).toBe(4);
    expect(ctx.get(c)).toBe(4);
  });
});

describe('set and reset', () => {
  // The life of a value: unset, set, reset, and every copy on the way keeps what it saw.
  test(
    'test_context_getset_1',
    isolated(
      () => ({ c: new ContextVar<number | string>('c') }),
      ({ c }) => {
        expect(() => c.get()).toThrow(coreError('ERR_VAR_UNSET'));
        expect(c.get(null)).toBeNull();
        // Python's get(None); an explicit undefined is a fallback too.
        expect(c.get(undefined)).toBeUndefined();

        const t0 = c.set(42);
        expect(c.get()).toBe(42);
        expect(c.get(null)).toBe(42);
        expect(t0.oldValue).toBe(Token.MISSING);
        expect(t0.var).toBe(c);

        const t = c.set('spam');
        expect(c.get()).toBe('spam');
        expect(c.get(null)).toBe('spam');
        expect(t.oldValue).toBe(42);
        c.reset(t);

        expect(c.get()).toBe(42);
        expect(c.get(null)).toBe(42);

        c.set('spam2');
        expect(() => c.reset(t)).toThrow(coreError('ERR_TOKEN_USED'));
        expect(() => c.reset(t)).toThrow(/has already been used/);
        expect(c.get()).toBe('spam2');

        const ctx1 = copyContext();
        expect(ctx1.has(c)).toBe(true);

        c.reset(t0);
        expect(() => c.reset(t0)).toThrow(coreError('ERR_TOKEN_USED'));
        expect(c.get(null)).toBeNull();

        expect(ctx1.has(c)).toBe(true);
        expect(ctx1.get(c)).toBe('spam2');
        expect(ctx1.size).toBe(1);
        expect([...ctx1.entries()]).toEqual([[c, 'spam2']]);
        expect([...ctx1.values()]).toEqual(['spam2']);
        expect([...ctx1.keys()]).toEqual([c]);
        expect([...ctx1]).toEqual([[c, 'spam2']]);

        const ctx2 = copyContext();
        expect(ctx2.has(c)).toBe(false);
        expect(ctx2.get(c)).toBeUndefined();
        expect(ctx2.size).toBe(0);
        expect([...ctx2]).toEqual([]);
      },
    ),
  );

  // A token of one variable does not reset another.
  test(
    'test_context_getset_2',
    isolated(
      () => ({ v1: new ContextVar<number>('v1'), v2: new ContextVar<number>('v2') }),
      ({ v1, v2 }) => {
        const t1 = v1.set(42);
        expect(() => v2.reset(t1)).toThrow(coreError('ERR_TOKEN_FOREIGN_VAR'));
        expect(() => v2.reset(t1)).toThrow(/by a different/);
        expect(v1.get()).toBe(42);
      },
    ),
  );

  // The default is not seen in the Context, and the reset of the first set takes the variable out of it.
  test(
    'test_context_getset_3',
    isolated(
      () => ({ c: new ContextVar<number>('c', { default: 42 }) }),
      ({ c }) => {
        const ctx = new Context();
        ctx.run(() => {
          expect(c.get()).toBe(42);
          expect(ctx.get(c)).toBeUndefined();
          expect(ctx.has(c)).toBe(false);
          expect([...ctx.keys()]).toEqual([]);

          const t = c.set(1);
          expect([...ctx.keys()]).toEqual([c]);
          expect(ctx.get(c)).toBe(1);

          c.reset(t);
          expect([...ctx.keys()]).toEqual([]);
          expect(ctx.has(c)).toBe(false);
          expect(c.get()).toBe(42);
        });
      },
    ),
  );

  // A token that was made in another Context does not reset here.
  test(
    'test_context_getset_4',
    isolated(
      () => ({ c: new ContextVar<number>('c', { default: 42 }) }),
      ({ c }) => {
        const ctx = new Context();
        const tok = ctx.run(() => c.set(1));
        expect(() => c.reset(tok)).toThrow(coreError('ERR_TOKEN_FOREIGN_CONTEXT'));
        expect(() => c.reset(tok)).toThrow(/different Context/);
        // The failed attempt has not used it up.
        ctx.run(() => c.reset(tok));
        expect(ctx.has(c)).toBe(false);
      },
    ),
  );

  // A set in a copy does not touch the original.
  test(
    'test_context_getset_5',
    isolated(
      () => ({ c: new ContextVar<number[]>('c', { default: [42] }) }),
      ({ c }) => {
        c.set([]);
        copyContext().run(() => {
          c.set([]);
          c.get().push(42);
          expect(c.get()).toEqual([42]);
        });
        expect(c.get()).toEqual([]);
      },
    ),
  );

  // A copy that is made while the Context is running is independent of it, both ways.
  test('test_context_copy_1', () => {
    const ctx1 = new Context();
    const c = new ContextVar<number>('c', { default: 42 });
    ctx1.run(() => {
      c.set(10);
      const ctx2 = ctx1.copy();
      expect(ctx2.get(c)).toBe(10);

      c.set(20);
      expect(ctx1.get(c)).toBe(20);
      expect(ctx2.get(c)).toBe(10);

      ctx2.run(() => {
        expect(c.get()).toBe(10);
        c.set(30);
        expect(c.get()).toBe(30);
      });
      expect(ctx1.get(c)).toBe(20);
      expect(ctx2.get(c)).toBe(30);
    });
  });
});

describe('threads', () => {
  let core: CompiledCore;
  beforeAll(() => {
    core = compileCore('commonjs');
  });
  afterAll(() => core.remove());

  const inWorker = async (source: string): Promise<unknown> => {
    const worker = new Worker(source, { eval: true, workerData: `${core.directory}/core/index.js` });
    const [message] = await once(worker, 'message');
    await worker.terminate();
    return message;
  };

  // Ten forks at once, of which each sets and reads its own values only.
  test(
    'test_context_threads_1',
    isolated(
      () => ({ c: new ContextVar<number>('cvar') }),
      async ({ c }) => {
        const sub = async (num: number): Promise<number> => {
          for (let i = 0; i < 10; i++) {
            c.set(num + i);
            await delay(Math.random() * 5);
            expect(c.get()).toBe(num + i);
          }
          return num;
        };
        const numbers = [...Array(10).keys()];
        expect(await gather(numbers.map((num) => () => sub(num)))).toEqual(numbers);
        expect(await Promise.all(numbers.map((num) => createTask(() => sub(num))))).toEqual(numbers);
        expect(c.get(null)).toBeNull();
      },
    ),
  );

  // The same with threads: each Worker has contexts of its own.
  test('test_context_threads_1 (Workers)', async () => {
    const source = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { ContextVar, createTask } = require(workerData);
      const c = new ContextVar('cvar');
      createTask(async () => {
        const seen = [];
        for (let i = 0; i < 10; i++) {
          c.set(i);
          await new Promise(setImmediate);
          seen.push(c.get() === i);
        }
        return seen.every(Boolean);
      }).then((right) => parentPort.postMessage(right));
    `;
    const all = await Promise.all([...Array(3).keys()].map(() => inWorker(source)));
    expect(all).toEqual([true, true, true]);
  });

  // A thread starts with an empty context, as in Python where threads do not inherit it.
  test('test_context_thread_inherit', async () => {
    const c = new ContextVar<string>('cvar');
    const seen = await c.run('parent', () =>
      inWorker(`
        const { parentPort, workerData } = require('node:worker_threads');
        const { copyContext, currentUnit } = require(workerData);
        parentPort.postMessage({ size: copyContext().size, unit: currentUnit() === undefined });
      `),
    );
    expect(seen).toEqual({ size: 0, unit: true });
  });
});

describe('tokens as block scopes', () => {
  // At the end of the block the variable is back at its default.
  test('test_token_contextmanager_with_default', () => {
    const c = new ContextVar<number>('c', { default: 42 });
    new Context().run(() => {
      {
        using token = c.set(36);
        expect(token.var).toBe(c);
        expect(c.get()).toBe(36);
      }
      expect(c.get()).toBe(42);
    });
  });

  // Without a default it is unset again, and the error names the variable.
  test('test_token_contextmanager_without_default', () => {
    const c = new ContextVar<number>('c');
    new Context().run(() => {
      {
        using token = c.set(36);
        expect(token.oldValue).toBe(Token.MISSING);
        expect(c.get()).toBe(36);
      }
      expect(() => c.get()).toThrow(/ContextVar 'c'/);
    });
  });

  // The value is back after an error too, and the error passes.
  test('test_token_contextmanager_on_exception', () => {
    const c = new ContextVar<number>('c', { default: 42 });
    new Context().run(() => {
      expect(() => {
        using token = c.set(36);
        expect(token.var.get()).toBe(36);
        throw new Error('custom exception');
      }).toThrow('custom exception');
      expect(c.get()).toBe(42);
    });
  });

  // The same token in two blocks resets once; the second one says that it has been used.
  test('test_token_contextmanager_reentrant', () => {
    const c = new ContextVar<number>('c', { default: 42 });
    new Context().run(() => {
      const token = c.set(36);
      expect(() => {
        using outer = token;
        {
          using inner = outer;
          expect(inner.var.get()).toBe(36);
        }
      }).toThrow(coreError('ERR_TOKEN_USED'));
      expect(c.get()).toBe(42);
    });
  });

  // Sets inside the block that nobody resets are dropped with it: tokens are not last-in-first-out.
  test('test_token_contextmanager_multiple_c_set', () => {
    const c = new ContextVar<number>('c', { default: 42 });
    new Context().run(() => {
      {
        using token = c.set(36);
        expect(token.var.get()).toBe(36);
        c.set(24);
        expect(c.get()).toBe(24);
        c.set(12);
        expect(c.get()).toBe(12);
      }
      expect(c.get()).toBe(42);
    });
  });

  // A token that was reset by hand inside its block is used when the block ends.
  test('test_token_contextmanager_with_explicit_reset_the_same_token', () => {
    const c = new ContextVar<number>('c', { default: 42 });
    new Context().run(() => {
      expect(() => {
        using token = c.set(36);
        expect(c.get()).toBe(36);
        c.reset(token);
        expect(c.get()).toBe(42);
      }).toThrow(coreError('ERR_TOKEN_USED'));
      expect(c.get()).toBe(42);
    });
  });

  // Another token may be set and reset inside the block.
  test('test_token_contextmanager_with_explicit_reset_another_token', () => {
    const c = new ContextVar<number>('c', { default: 42 });
    new Context().run(() => {
      {
        using token = c.set(36);
        expect(token.var.get()).toBe(36);
        const another = c.set(24);
        expect(c.get()).toBe(24);
        c.reset(another);
        expect(c.get()).toBe(36);
      }
      expect(c.get()).toBe(42);
    });
  });
});
