import { EventEmitter } from 'node:events';
import {
  bindContext,
  bindEmitter,
  copyContext,
  createTask,
  gather,
  PreserveContext,
  preserveContext,
  runUnitOfWork,
} from '../../src/core/index.js';
import { deferred, macrotask, Readings, runToItsEnd } from './readings.js';
import {
  attempt,
  contextVarForms,
  data,
  endings,
  forms,
  role,
  scopedValueForms,
  see,
  unitWithBase,
} from './temporary-forms.js';

// What an explicit capture keeps of a temporary value: a ContextVar the value it saw (a PEP 567 copy), a
// ScopedValue nothing, so that a privilege cannot be carried away.

class Jobs {
  @PreserveContext()
  call<R>(fn: () => R): R {
    return fn();
  }

  @PreserveContext({ background: true })
  inBackground<R>(fn: () => R): R {
    return fn();
  }
}

const jobs = new Jobs();

type Run = <R>(fn: () => R) => R;

interface Capture {
  readonly title: string;
  /** Captures the context of this moment; gives how to run more work in what was captured. */
  capture(): Run;
}

let test = { over: false };

beforeEach(() => {
  test = { over: false };
});

afterEach(() => {
  test.over = true;
});

/** Captured work that goes on until the test is over, and runs inside what it is given. */
function worker(start: (body: () => Promise<void>) => unknown): Run {
  const own = test;
  const waiting: (() => void)[] = [];
  void start(async () => {
    while (!own.over) {
      for (const run of waiting.splice(0)) run();
      await macrotask();
    }
  });
  const run = <R>(fn: () => R): Promise<R> =>
    new Promise((resolve) => {
      waiting.push(() => resolve(fn()));
    });
  return run as Run;
}

const captures: Capture[] = [
  { title: 'a task', capture: () => worker((body) => createTask(body)) },
  { title: 'a preserved call', capture: () => worker((body) => preserveContext(body)()) },
  { title: 'a call of a @PreserveContext method', capture: () => worker((body) => jobs.call(body)) },
  { title: 'a preserved background call', capture: () => worker((body) => jobs.inBackground(body)) },
  {
    title: 'a bound function',
    capture: () => bindContext<Run>((fn) => fn()),
  },
  {
    title: 'a bound emitter listener',
    capture: () => {
      const emitter = bindEmitter(new EventEmitter()).on('run', (call: () => void) => call());
      return <R>(fn: () => R): R => {
        let result: R | undefined;
        emitter.emit('run', () => {
          result = fn();
        });
        return result as R;
      };
    },
  },
  {
    title: 'a copied context',
    capture: () => {
      const context = copyContext();
      return (fn) => context.run(fn);
    },
  },
  {
    title: 'a copy of a copied context',
    capture: () => {
      const context = copyContext().copy();
      return (fn) => context.run(fn);
    },
  },
  {
    title: 'a task in a copied context',
    capture: () => {
      const context = copyContext();
      return worker((body) => createTask(body, { context }));
    },
  },
  {
    title: 'a unit of work in a copied context',
    capture: () => {
      const context = copyContext();
      return worker((body) => runUnitOfWork({ kind: 'test', context }, body));
    },
  },
  {
    title: 'a capture of a capture',
    capture: () => copyContext().run(() => bindContext<Run>((fn) => fn())),
  },
  {
    title: 'a gather branch in a capture',
    capture: () => {
      const context = copyContext();
      return worker((body) => context.run(() => gather([body])));
    },
  },
];

describe.each(captures)('$title', ({ capture }) => {
  describe.each(scopedValueForms)('of $title', (form) => {
    it.each(endings)(
      'never reads the temporary value or another level, when the call has $title',
      async (ending) => {
        const readings = new Readings(form);
        const seen: unknown[] = [];
        await unitWithBase(async () => {
          await form.enter('outer', async () => {
            let run: Run | undefined;
            await runToItsEnd(form, ending, readings, () => {
              run = capture();
              seen.push(run(() => see(form)));
              setImmediate(async () => {
                readings.read();
                await run?.(() => {});
                readings.read();
              });
            });
            for (let i = 0; i < 2; i++) seen.push(await run?.(() => see(form)));
          });
          expect(role.get()).toBe('base');
        });
        expect(new Set(await Promise.all(seen))).toEqual(new Set(['ERR_SCOPE_ENDED']));
        expect(readings.open.every((value) => value === 'temporary')).toBe(true);
      },
    );

    it('never reads it where it was captured by work left running after the end', async () => {
      await unitWithBase(async () => {
        const captured = deferred<{ run: Run }>();
        form.enter('temporary', () => setImmediate(() => captured.resolve({ run: capture() })));
        const { run } = await captured.promise;
        expect(await run(() => see(form))).toBe('ERR_SCOPE_ENDED');
      });
    });

    it('may open a scope of its own', async () => {
      await unitWithBase(async () => {
        const run = form.enter('temporary', capture);
        const own = await run(() => [see(form), form.enter('again', () => see(form)), see(form)]);
        expect(own).toEqual(['ERR_SCOPE_ENDED', 'again', 'ERR_SCOPE_ENDED']);
      });
    });

    it('may bind a base of its own, once, which nobody else sees', async () => {
      await unitWithBase(async () => {
        await form.enter('temporary', async () => {
          const run = capture();
          const own = await run(() => {
            role.bind('own base');
            return [see(form), attempt(() => role.bind('again')), see(form)];
          });
          expect(own).toEqual(['own base', 'ERR_ALREADY_BOUND', 'own base']);
          expect(role.get()).toBe('temporary');
        });
        expect(role.get()).toBe('base');
      });
    });

    it('hands a base of its own on to what it captures', async () => {
      await unitWithBase(async () => {
        const run = form.enter('temporary', capture);
        const seen = await run(async () => {
          role.bind('own base');
          const copied = copyContext().run(() => see(form));
          return [copied, await createTask(() => see(form)), bindContext(() => see(form))()];
        });
        expect(seen).toEqual(['own base', 'own base', 'own base']);
      });
    });

    it('that was made outside keeps the base, also where it runs inside', async () => {
      await unitWithBase(async () => {
        const run = capture();
        await form.enter('temporary', async () => {
          expect(await run(() => see(form))).toBe('base');
          expect(role.get()).toBe('temporary');
        });
        expect(await run(() => see(form))).toBe('base');
        expect(await run(() => attempt(() => role.bind('again')))).toBe('ERR_ALREADY_BOUND');
      });
    });
  });

  describe.each(contextVarForms)('of $title', (form) => {
    it.each(endings)('keeps the value it saw, when the call has $title', async (ending) => {
      const readings = new Readings(form);
      const seen: unknown[] = [];
      await unitWithBase(async () => {
        let run: Run | undefined;
        await runToItsEnd(form, ending, readings, () => {
          run = capture();
          seen.push(run(() => see(form)));
          setImmediate(async () => {
            readings.read();
            await run?.(() => {});
            readings.read();
          });
        });
        for (let i = 0; i < 2; i++) seen.push(await run?.(() => see(form)));
        expect(data.get()).toBe('base');
      });
      expect(new Set(await Promise.all(seen))).toEqual(new Set(['temporary']));
    });

    it('keeps what is outside where it was captured by work left running after the end', async () => {
      await unitWithBase(async () => {
        const captured = deferred<{ run: Run }>();
        form.enter('temporary', () => setImmediate(() => captured.resolve({ run: capture() })));
        const { run } = await captured.promise;
        expect(await run(() => see(form))).toBe('base');
      });
    });

    it('a set in it is seen neither in the scope nor outside, and a set there not in it', async () => {
      await unitWithBase(async () => {
        let run: Run | undefined;
        await form.enter('temporary', async () => {
          run = capture();
          const inside = await run(() => {
            data.set('captured');
            return data.get();
          });
          expect(inside).toBe('captured');
          expect(data.get()).toBe('temporary');
          data.set('changed');
          expect(await run(() => data.get())).not.toBe('changed');
        });
        expect(data.get()).toBe('base');
        expect(await run?.(() => attempt(() => data.set('late')))).toMatchObject({ var: data });
        expect(data.get()).toBe('base');
      });
    });

    it('a token of the scope is foreign in it', async () => {
      await unitWithBase(async () => {
        await form.enter('temporary', async () => {
          const token = data.set('changed');
          const run = capture();
          expect(await run(() => attempt(() => data.reset(token)))).toBe('ERR_TOKEN_FOREIGN_CONTEXT');
          expect(data.get()).toBe('changed');
          data.reset(token);
          expect(data.get()).toBe('temporary');
        });
      });
    });
  });

  it.each(forms)('whose work opens a scope of its own of $title ends that too', async (form) => {
    const readings = new Readings(form);
    await unitWithBase(async () => {
      const run = capture();
      await run(() =>
        readings.endedBy(() => form.enter('temporary', () => setImmediate(readings.read) && readings.read())),
      );
      await readings.more(1);
    });
    expect(readings.open).toEqual(['temporary']);
    expect(readings.after).toEqual([form.scoped ? 'ERR_SCOPE_ENDED' : 'base']);
  });
});
