// The context tests of CPython's asyncio and of uvloop that have a meaning in JavaScript, under their names
// there: a coroutine of Python that is wrapped in a Task is a function given to `createTask` or `gather`.
//
// Not here: test_get_context (our tasks are plain promises) and test_to_thread_contextvars (a thread needs
// codecs to take values along).

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import {
  bindEmitter,
  Context,
  ContextVar,
  copyContext,
  createTask,
  gather,
  preserveContext,
  runUnitOfWork,
  withTempContext,
} from '../../src/core/index.js';
import { coreError } from './support/core-error.js';

/** The program of a test, as a task of its own. */
function main<R>(body: () => Promise<R>): Promise<Awaited<R>> {
  return createTask(body) as Promise<Awaited<R>>;
}

describe('test_tasks', () => {
  // A task copies the context when it is made: later sets of either side are not seen by the other.
  test('test_context_1', async () => {
    const cvar = new ContextVar('cvar', { default: 'nope' });
    const sub = async (): Promise<void> => {
      await delay(1);
      expect(cvar.get()).toBe('nope');
      cvar.set('something else');
    };
    await main(async () => {
      expect(cvar.get()).toBe('nope');
      const subtask = createTask(sub);
      cvar.set('yes');
      expect(cvar.get()).toBe('yes');
      await subtask;
      expect(cvar.get()).toBe('yes');
    });
  });

  // A callback on completion runs in the context of its registration, and a preserved one keeps its sets to
  // itself. Python forks for each callback; a plain `then` shares the Context of whoever registers it.
  test('test_context_2', async () => {
    const cvar = new ContextVar('cvar', { default: 'nope' });
    await main(async () => {
      const seen: string[] = [];
      const onDone = preserveContext(() => {
        seen.push(cvar.get());
        cvar.set('something else');
      });
      for (let j = 0; j < 2; j++) {
        const before = cvar.get();
        const done = immediate().then(onDone);
        cvar.set(`yes${j}`);
        await done;
        expect(seen.at(-1)).toBe(`yes${j}`);
        expect(before).not.toBe(`yes${j}`);
        expect(cvar.get()).toBe(`yes${j}`);

        for (let i = 0; i < 3; i++) {
          cvar.set(`yes${i}-${j}`);
          await delay(1);
          expect(cvar.get()).toBe(`yes${i}-${j}`);
        }
      }
      await immediate().then(() => cvar.set('from a plain then'));
      expect(cvar.get()).toBe('from a plain then');
    });
    expect(cvar.get()).toBe('nope');
  });

  // A hundred tasks at once, each with its own value, and the root untouched.
  test('test_context_3', async () => {
    const cvar = new ContextVar('cvar', { default: -1 });
    const sub = async (num: number): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        cvar.set(num + i);
        await delay(Math.random() * 5);
        expect(cvar.get()).toBe(num + i);
      }
    };
    await main(async () => {
      const tasks = Array.from({ length: 100 }, () => createTask(() => sub(Math.floor(Math.random() * 11))));
      await Promise.all(tasks);
      expect(cvar.get()).toBe(-1);
    });
    expect(cvar.get()).toBe(-1);
  });

  const cvar = new ContextVar<number>('cvar');
  const accumulate = async (
    start: (body: () => Promise<void>, context: Context) => Promise<void>,
  ): Promise<unknown[]> => {
    const coro = async (value: number): Promise<void> => {
      await immediate();
      cvar.set(value);
    };
    const ctx = copyContext();
    const seen: unknown[] = [ctx.get(cvar)];
    for (const value of [1, 2]) {
      await start(() => coro(value), ctx);
      seen.push(ctx.get(cvar));
    }
    return seen;
  };

  // Two tasks one after the other in the same given Context: both set there, and it can be read afterwards.
  test('test_context_4', async () => {
    expect(await accumulate((body, context) => createTask(body, { context }))).toEqual([undefined, 1, 2]);
  });

  // The same from inside a task.
  test('test_context_5', async () => {
    const seen = await main(() => accumulate((body, context) => createTask(body, { context })));
    expect(seen).toEqual([undefined, 1, 2]);
  });

  // The same for a unit of work that is given its Context, our other way to begin work in one.
  test('test_context_6', async () => {
    const seen = await main(() =>
      accumulate((body, context) => runUnitOfWork({ kind: 'test', context }, body)),
    );
    expect(seen).toEqual([undefined, 1, 2]);
  });
});

describe('test_taskgroups', () => {
  // Tasks of a group are given a Context as single ones are.
  test('test_taskgroup_task_context', async () => {
    const cvar = new ContextVar<number>('cvar');
    const coro = async (value: number): Promise<void> => {
      await immediate();
      cvar.set(value);
    };
    await main(async () => {
      const ctx = copyContext();
      expect(ctx.get(cvar)).toBeUndefined();
      await Promise.all([createTask(() => coro(1), { context: ctx })]);
      expect(ctx.get(cvar)).toBe(1);
      await Promise.all([createTask(() => coro(2), { context: ctx })]);
      expect(ctx.get(cvar)).toBe(2);
      expect(cvar.get(null)).toBeNull();
    });
  });
});

describe('test_runners', () => {
  // Runs one after the other in one Context share what they set.
  test('test_run_keeps_context', async () => {
    const cvar = new ContextVar('cvar', { default: -1 });
    const context = new Context();
    const run = <R>(body: () => R): R => runUnitOfWork({ kind: 'runner', context }, body);
    const f = async (value: number): Promise<number> => {
      const old = cvar.get();
      await immediate();
      cvar.set(value);
      return old;
    };
    expect(await run(() => f(1))).toBe(-1);
    expect(await run(() => f(2))).toBe(1);
    expect((await run(async () => copyContext())).get(cvar)).toBe(2);
  });
});

describe('test_eager_task_factory', () => {
  // A task begins at once, as Python's eager ones, and still in a copy.
  test('test_context_vars', async () => {
    const cv = new ContextVar('cv', { default: 0 });
    const steps: string[] = [];
    const coro = async (): Promise<void> => {
      expect(cv.get()).toBe(1);
      cv.set(2);
      expect(cv.get()).toBe(2);
      steps.push('first');
      await delay(1);
      expect(cv.get()).toBe(2);
      cv.set(3);
      expect(cv.get()).toBe(3);
      steps.push('second');
    };
    await main(async () => {
      cv.set(1);
      const task = createTask(coro);
      expect(steps).toEqual(['first']);
      expect(cv.get()).toBe(1);
      await task;
      expect(steps).toEqual(['first', 'second']);
      expect(cv.get()).toBe(1);
    });
  });
});

describe('test_futures2', () => {
  // Who reports an error that nobody awaits does so in the context of the work that failed.
  test('test_task_exc_handler_correct_context', async () => {
    const name = new ContextVar('name', { default: 'foo' });
    const seen: string[] = [];
    const log = jest.spyOn(console, 'error').mockImplementation(() => seen.push(name.get()));
    const task = preserveContext(
      async () => {
        name.set('bar');
        await immediate();
        throw new Error('1 / 0');
      },
      { background: true },
    );
    try {
      await expect(task()).rejects.toThrow('1 / 0');
    } finally {
      log.mockRestore();
    }
    expect(seen).toEqual(['bar']);
  });
});

describe('uvloop test_context', () => {
  // A setting for a moment in two concurrent branches: neither sees the other's. This is also
  // test_asyncio_task_decimal_context of CPython.
  test('test_task_decimal_context', async () => {
    const precision = new ContextVar('precision', { default: 28 });
    const fractions = (digits: number, x: number, y: number) => async (): Promise<string[]> => {
      const token = precision.set(digits);
      const a = (x / y).toFixed(precision.get());
      await delay(digits);
      const b = (x / y ** 2).toFixed(precision.get());
      precision.reset(token);
      return [a, b];
    };
    const expected = [
      ['0.333', '0.111'],
      ['0.333333', '0.111111'],
    ];
    await main(async () => {
      expect(await gather([fractions(3, 1, 3), fractions(6, 1, 3)])).toEqual(expected);
      expect(precision.get()).toBe(28);
    });
    expect(await gather([fractions(3, 1, 3), fractions(6, 1, 3)])).toEqual(expected);
  });

  // What a task has set can be collected when the task has ended, though a callback was scheduled in it.
  test('test_task_context_4', async () => {
    const { gc } = globalThis as { gc?: () => void };
    if (gc === undefined) throw new Error('this test needs --expose-gc');
    const cvar = new ContextVar<object | string>('cvar', { default: 'nope' });
    const sub = async (): Promise<WeakRef<object>> => {
      const tracked = { tracked: true };
      cvar.set(tracked);
      setImmediate(() => {});
      return new WeakRef(tracked);
    };
    const ref = await main(async () => {
      const made = await createTask(sub);
      await delay(1);
      return made;
    });
    for (let i = 0; i < 20 && ref.deref() !== undefined; i++) {
      await delay(1);
      gc();
    }
    expect(ref.deref()).toBeUndefined();
  });

  const cvar = new ContextVar('cvar', { default: 'outer' });

  // What a server calls for a connection sees the context of whoever made the server.
  test('test_create_server_protocol_factory_context', async () => {
    await main(async () => {
      cvar.set('inner');
      const server = bindEmitter(createServer());
      const factory = new Promise<string>((resolve) => {
        server.on('connection', (socket) => {
          socket.end();
          resolve(cvar.get());
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = new Context().run(() => {
        cvar.set('client');
        return connect((server.address() as AddressInfo).port, '127.0.0.1');
      });
      client.resume();
      expect(await factory).toBe('inner');
      await once(client, 'close');
      server.close();
      await once(server, 'close');
    });
  });

  // So does what happens on a connection, although the server's context has been changed meanwhile by a fork.
  test('test_create_server_connection_protocol', async () => {
    await main(async () => {
      cvar.set('inner');
      const seen: Record<string, string> = {};
      const server = bindEmitter(createServer({ allowHalfOpen: true }));
      const closed = new Promise<void>((resolve) => {
        server.on('connection', (socket: Socket) => {
          bindEmitter(socket);
          for (const event of ['data', 'end', 'close'] as const) {
            socket.on(event, () => {
              seen[event] = cvar.get();
              if (event === 'end') socket.end();
              if (event === 'close') resolve();
            });
          }
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = createTask(async () => {
        cvar.set('client');
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
        socket.resume();
        socket.end('data');
        await once(socket, 'close');
      });
      await Promise.all([client, closed]);
      expect(seen).toEqual({ data: 'inner', end: 'inner', close: 'inner' });
      expect(cvar.get()).toBe('inner');
      server.close();
      await once(server, 'close');
    });
  });

  // A datagram is received in the context in which its listener was added.
  test('test_datagram_protocol', async () => {
    await main(async () => {
      cvar.set('inner');
      const receiver = bindEmitter(createSocket('udp4'));
      const received = new Promise<string>((resolve) => receiver.on('message', () => resolve(cvar.get())));
      receiver.bind(0, '127.0.0.1');
      await once(receiver, 'listening');
      await createTask(async () => {
        cvar.set('sender');
        const sender = createSocket('udp4');
        await new Promise((sent) => sender.send('data', receiver.address().port, '127.0.0.1', sent));
        sender.close();
      });
      expect(await received).toBe('inner');
      receiver.close();
    });
  });

  // A child process reports in the context of its listener.
  test('test_subprocess_protocol', async () => {
    await main(async () => {
      cvar.set('inner');
      const child = bindEmitter(spawn(process.execPath, ['-e', 'console.log(1)']));
      const output = new Promise<string>((resolve) => {
        bindEmitter(child.stdout).on('data', () => resolve(cvar.get()));
      });
      const exited = new Promise<string>((resolve) => child.on('exit', () => resolve(cvar.get())));
      expect(await Promise.all([output, exited])).toEqual(['inner', 'inner']);
    });
  });
});

// What Python really does in the situations in which the designs of context libraries part, and what this
// library does. Where the two differ, the title says so.
describe('what Python really does', () => {
  const cvar = new ContextVar('cvar', { default: 'root' });
  const setter = (value: string) => async (): Promise<string> => {
    cvar.set(value);
    await immediate();
    await immediate();
    return cvar.get();
  };
  const lateSetter = (value: string) => async (): Promise<string> => {
    await immediate();
    cvar.set(value);
    await immediate();
    return cvar.get();
  };

  test('an awaited callee that sets before its first await: the caller sees it', () =>
    main(async () => {
      await setter('c')();
      expect(cvar.get()).toBe('c');
    }));

  test('an awaited callee that sets after an await: the caller sees it', () =>
    main(async () => {
      await lateSetter('c')();
      expect(cvar.get()).toBe('c');
    }));

  test('a callee that is not awaited: its set is seen at once, because its body has begun (Python: not yet)', () =>
    main(async () => {
      const pending = setter('c')();
      expect(cvar.get()).toBe('c');
      await pending;
    }));

  test.each([
    ['before', setter],
    ['after', lateSetter],
  ])('branches of gather that set %s an await: each sees its own, the parent none', (_, branch) =>
    main(async () => {
      expect(await gather([branch('A'), branch('B')])).toEqual(['A', 'B']);
      expect(cvar.get()).toBe('root');
    }),
  );

  test.each([
    ['before', setter],
    ['after', lateSetter],
  ])('tasks that set %s an await: each sees its own, the parent none', (_, branch) =>
    main(async () => {
      expect(await Promise.all([createTask(branch('A')), createTask(branch('B'))])).toEqual(['A', 'B']);
      expect(cvar.get()).toBe('root');
    }),
  );

  test.each([
    ['before', setter],
    ['after', lateSetter],
  ])('branches of a plain Promise.all that set %s an await share the Context', (_, branch) =>
    main(async () => {
      expect(await Promise.all([branch('A')(), branch('B')()])).toEqual(['B', 'B']);
      expect(cvar.get()).toBe('B');
    }),
  );

  const override = (value: string, ms: number) => async (): Promise<void> => {
    const token = cvar.set(value);
    await delay(ms);
    cvar.reset(token);
  };

  test('overlapping set and reset in two branches of gather: the parent still has its own value', () =>
    main(async () => {
      await gather([override('admin', 1), override('auditor', 4)]);
      expect(cvar.get()).toBe('root');
    }));

  test('overlapping temporary values in a plain Promise.all: the parent still has its own value', () =>
    main(async () => {
      const temporary = (value: string, ms: number) => withTempContext([cvar.as(value)], () => delay(ms));
      await Promise.all([temporary('admin', 1), temporary('auditor', 4)]);
      expect(cvar.get()).toBe('root');
    }));

  test('a branch of gather that reads while another has an override: it reads its own value', () =>
    main(async () => {
      const read = async (): Promise<string> => {
        await immediate();
        return cvar.get();
      };
      expect((await gather([override('admin', 3), read]))[1]).toBe('root');
      const [, seen] = await Promise.all([withTempContext([cvar.as('admin')], () => delay(3)), read()]);
      expect(seen).toBe('root');
    }));

  test('work started as a task inside an override keeps the value it saw; a bare promise does not (Python: always a task)', () =>
    main(async () => {
      const read = async (): Promise<string> => {
        await delay(2);
        return cvar.get();
      };
      const token = cvar.set('admin');
      const task = createTask(read);
      const promise = read();
      cvar.reset(token);
      expect(await task).toBe('admin');
      expect(await promise).toBe('root');
    }));

  test('a callback that is scheduled and sets: kept to itself where it is preserved, shared where not (Python: always kept)', () =>
    main(async () => {
      const called = (schedule: (done: () => void) => void) => new Promise<void>(schedule);
      await called((done) =>
        process.nextTick(
          preserveContext(() => {
            cvar.set('callback');
            done();
          }),
        ),
      );
      expect(cvar.get()).toBe('root');
      await called((done) =>
        process.nextTick(() => {
          cvar.set('callback');
          done();
        }),
      );
      expect(cvar.get()).toBe('callback');
    }));

  test('two tasks at once in one given Context share it', () =>
    main(async () => {
      const context = copyContext();
      const tasks = [createTask(setter('A'), { context }), createTask(setter('B'), { context })];
      expect(await Promise.all(tasks)).toEqual(['B', 'B']);
      expect(context.get(cvar)).toBe('B');
      expect(cvar.get()).toBe('root');
    }));

  test('a token that is reset in another task: an error that changes nothing', () =>
    main(async () => {
      const token = cvar.set('mine');
      await createTask(async () => {
        await immediate();
        expect(() => cvar.reset(token)).toThrow(coreError('ERR_TOKEN_FOREIGN_CONTEXT'));
        expect(cvar.get()).toBe('mine');
      });
      expect(cvar.get()).toBe('mine');
    }));

  test('tokens that are reset out of order: allowed, each restores what it replaced', () =>
    main(async () => {
      const t1 = cvar.set('1');
      const t2 = cvar.set('2');
      cvar.reset(t1);
      expect(cvar.get()).toBe('root');
      cvar.reset(t2);
      expect(cvar.get()).toBe('1');
    }));

  test('Context.run of an asynchronous function: all of its body runs there (Python: only its creation)', () =>
    main(async () => {
      const context = new Context();
      expect(await context.run(lateSetter('c'))).toBe('c');
      expect(context.get(cvar)).toBe('c');
      expect(cvar.get()).toBe('root');
    }));
});
