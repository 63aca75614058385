import { EventEmitter } from 'node:events';
import { gather, runUnitOfWork } from '../../src/core/index.js';
import { leftRunning } from './left-running.js';
import { deferred, macrotask, Readings, runToItsEnd } from './readings.js';
import {
  afterwards,
  asyncEndings,
  attempt,
  contextVarForms,
  data,
  endAs,
  endings,
  failure,
  forms,
  role,
  scopedValueForms,
  see,
  unitWithBase,
} from './temporary-forms.js';

// Who sees a temporary value, and who never does. Lazy results and captures have suites of their own.

let readings: Readings;

afterEach(() => {
  if (readings) readings.stopped = true;
});

describe.each(forms)('$title', (form) => {
  const after = afterwards(form);

  describe.each(endings)('whose call has $title', (ending) => {
    it.each(leftRunning)('is seen by $title only while it is open', async ({ start, betweenMicrotasks }) => {
      readings = new Readings(form);
      await unitWithBase(async () => {
        await runToItsEnd(form, ending, readings, () => start(readings));
        expect(see(form)).toBe('base');
        await readings.more(3);
      });
      const temporary = readings.open.filter((value) => value !== after || !betweenMicrotasks);
      expect(new Set(temporary)).toEqual(new Set(readings.open.length > 0 ? ['temporary'] : []));
      expect(new Set(readings.after)).toEqual(new Set([after]));
      if (ending.isAsync) expect(temporary).not.toHaveLength(0);
    });

    it('gives the result or the error of the call unchanged', async () => {
      const result = { value: 'result' };
      await unitWithBase(async () => {
        const call = () =>
          form.enter('temporary', () => {
            if (!ending.isAsync && ending.fails) throw failure;
            if (!ending.isAsync) return result;
            return ending.fails ? Promise.reject(failure) : Promise.resolve(result);
          });
        if (!ending.isAsync && ending.fails) expect(call).toThrow(failure);
        else if (ending.fails) await expect(call()).rejects.toBe(failure);
        else expect(await call()).toBe(result);
        expect(see(form)).toBe('base');
      });
    });

    it('shows work left running under two levels the nearest one that is still open', async () => {
      readings = new Readings(form);
      await unitWithBase(async () => {
        await form.enter('outer', async () => {
          await runToItsEnd(form, ending, readings, () => leftRunning[0].start(readings), 'inner');
          expect(see(form)).toBe('outer');
          await readings.more(3);
          expect(see(form)).toBe('outer');
        });
        expect(new Set(readings.after)).toEqual(new Set([afterwards(form, 'outer')]));
        readings.after.length = 0;
        await readings.more(3);
        expect(new Set(readings.after)).toEqual(new Set([after]));
      });
      expect(readings.open.every((value) => value === 'inner')).toBe(true);
    });

    it('shows work under an open inner level its value also when the outer one has ended', async () => {
      readings = new Readings(form);
      await unitWithBase(async () => {
        const inner = deferred<void>();
        let innerCall: Promise<void> | undefined;
        readings.over = true; // nothing of this table is about the outer scope
        const call = async () =>
          form.enter('outer', () => {
            innerCall = form.enter('inner', async () => {
              leftRunning[0].start(readings);
              await inner.promise;
            });
            return ending.isAsync ? macrotask().then(() => endAs(ending)) : endAs(ending);
          });
        if (ending.fails) await expect(call()).rejects.toBe(failure);
        else await call();
        await readings.more(3);
        expect(new Set(readings.after)).toEqual(new Set(['inner']));
        inner.resolve();
        await innerCall;
        readings.after.length = 0;
        await readings.more(3);
        expect(new Set(readings.after)).toEqual(new Set([after]));
      });
    });
  });

  it.each(asyncEndings)('is never seen by siblings in Promise.all, when $title', async (ending) => {
    const siblings: unknown[] = [];
    const temporary: unknown[] = [];
    let over = false;
    const sibling = async (): Promise<void> => {
      for (let i = 0; !over || i < 5; i++) {
        siblings.push(see(form));
        await (i % 2 === 0 ? null : macrotask());
      }
    };
    const branch = async (): Promise<void> => {
      await form
        .enter('temporary', async () => {
          for (let i = 0; i < 5; i++) {
            temporary.push(see(form));
            await macrotask();
          }
          endAs(ending);
        })
        .catch(() => {});
      over = true;
      siblings.push(see(form));
    };
    await unitWithBase(() => Promise.all([sibling(), branch(), sibling()]));
    expect(new Set(temporary)).toEqual(new Set(['temporary']));
    expect(siblings.length).toBeGreaterThan(10);
    expect(new Set(siblings)).toEqual(new Set(['base']));
  });

  describe.each([
    ['the first', [0, 1]],
    ['the second', [1, 0]],
  ])('overlapping another one, where %s ends first', (_, order) => {
    it.each(asyncEndings)('is not disturbed, when $title', async (ending) => {
      const seen: unknown[][] = [[], []];
      const both = [new Readings(form), new Readings(form)];
      await unitWithBase(async () => {
        const gates = [deferred<void>(), deferred<void>()];
        const calls = gates.map((gate, i) =>
          form.enter(`value ${i}`, async () => {
            leftRunning[0].start(both[i]);
            seen[i].push(see(form));
            await gate.promise;
            seen[i].push(see(form));
            return endAs(ending);
          }),
        );
        const settled = calls.map((call) => call.catch((error) => error));
        expect(see(form)).toBe('base');
        const [first, second] = order;
        gates[first].resolve();
        await settled[first];
        both[first].over = true;
        expect(see(form)).toBe('base');
        await both[second].more(2);
        expect(both[second].open.every((value) => value === `value ${second}`)).toBe(true);
        gates[second].resolve();
        await settled[second];
        both[second].over = true;
        expect(see(form)).toBe('base');
        for (const each of both) await each.more(2);
        for (const each of both) each.stopped = true;
        expect(see(form)).toBe('base');
      });
      expect(seen).toEqual([
        ['value 0', 'value 0'],
        ['value 1', 'value 1'],
      ]);
      for (const each of both) expect(new Set(each.after)).toEqual(new Set([after]));
    });
  });

  describe('in the very microtask in which the call has settled', () => {
    type Spin = () => void;
    const pending = (spin: Spin): Promise<string> =>
      new Promise((resolve) => {
        setImmediate(() => {
          spin();
          resolve('done');
        });
      });
    const calls: [string, (spin: Spin) => unknown][] = [
      ['a resolved promise', () => Promise.resolve('done')],
      ['a rejected promise', () => Promise.reject(failure)],
      ['an async function', async () => 'done'],
      ['an async function that awaits', async (spin) => pending(spin)],
      [
        'an async function that throws after an await',
        (spin) => pending(spin).then(() => Promise.reject(failure)),
      ],
      ['a promise of a promise', async () => Promise.resolve(Promise.resolve('done'))],
      ['a thenable', () => ({ then: (resolve: (value: string) => void) => resolve('done') })],
      [
        'a thenable that fails',
        () => ({ then: (_: unknown, reject: (e: Error) => void) => reject(failure) }),
      ],
      [
        'a thenable that settles later',
        (spin) => ({ then: (resolve: () => void) => void pending(spin).then(resolve) }),
      ],
      [
        'a promise of a thenable',
        async () => ({ then: (resolve: (value: string) => void) => resolve('done') }),
      ],
      ['an async generator', async function* () {}],
      [
        'an async generator that fails',
        // biome-ignore lint/correctness/useYield: it fails before it comes to that
        async function* () {
          throw failure;
        },
      ],
      ['a promise of an async generator', async () => (async function* () {})()],
    ];

    it.each(calls)('work left running by %s reads outside', async (_, fn) => {
      const those = new Readings(form);
      const spin = (left: number): void => {
        queueMicrotask(() => {
          those.read();
          if (left > 0) spin(left - 1);
        });
      };
      await unitWithBase(async () => {
        const call = (): unknown => {
          const result = form.enter('temporary', () => {
            spin(60);
            return fn(() => spin(60));
          });
          if (typeof (result as AsyncGenerator)?.next === 'function')
            return (result as AsyncGenerator).next();
          return (result as Promise<unknown>).then((value) =>
            typeof (value as AsyncGenerator)?.next === 'function' ? (value as AsyncGenerator).next() : value,
          );
        };
        await those.endedBy(call).catch((error) => expect(error).toBe(failure));
        await macrotask();
      });
      expect(those.open[0]).toBe('temporary');
      expect(those.open.filter((value) => value !== 'temporary' && value !== after)).toEqual([]);
      expect(new Set(those.after)).toEqual(new Set([after]));
    });

    it('a microtask that was queued before a call returns or throws reads outside', async () => {
      for (const ending of endings.filter(({ isAsync }) => !isAsync)) {
        const those = new Readings(form);
        await unitWithBase(async () => {
          await runToItsEnd(form, ending, those, () => {
            queueMicrotask(those.read);
            process.nextTick(those.read);
          });
          await macrotask();
        });
        expect(those.open).toEqual([]);
        expect(those.after).toEqual([after, after]);
      }
    });
  });

  describe('in what its call makes and others run later', () => {
    type Made = () => unknown;
    const made: [string, (read: () => unknown) => Made][] = [
      ['a closure', (read) => () => read()],
      [
        'an emitter listener',
        (read) => {
          let seen: unknown;
          const emitter = new EventEmitter().on('event', () => {
            seen = read();
          });
          return () => {
            emitter.emit('event');
            return seen;
          };
        },
      ],
      [
        'an event target listener',
        (read) => {
          let seen: unknown;
          const target = new EventTarget();
          target.addEventListener('event', () => {
            seen = read();
          });
          return () => {
            target.dispatchEvent(new Event('event'));
            return seen;
          };
        },
      ],
      [
        'a getter',
        (read) => {
          const object = {
            get seen() {
              return read();
            },
          };
          return () => object.seen;
        },
      ],
      [
        'a generator that is not its result',
        (read) => {
          const generator = (function* () {
            for (;;) yield read();
          })();
          return () => generator.next().value;
        },
      ],
    ];

    it.each(made)('%s is read as where it is called', async (_, make) => {
      await unitWithBase(async () => {
        const gate = deferred<void>();
        const seen: unknown[] = [];
        const started = deferred<Made>();
        let leftover: Promise<void> | undefined;
        const call = form.enter('temporary', async () => {
          const run = make(() => see(form));
          seen.push(run());
          started.resolve(run);
          leftover = gate.promise.then(macrotask).then(() => void seen.push(run()));
          await gate.promise;
          return { run };
        });
        const run = await started.promise;
        expect(run()).toBe('base');
        gate.resolve();
        expect((await call).run()).toBe('base');
        await leftover;
        expect(run()).toBe('base');
        expect(seen).toEqual(['temporary', after]);
      });
    });

    it('a function that is its result comes back identical and reads outside', () => {
      unitWithBase(() => {
        const read = (): unknown => see(form);
        const result = form.enter('temporary', () => {
          expect(read()).toBe('temporary');
          return read;
        });
        expect(result).toBe(read);
        expect(result()).toBe('base');
      });
    });
  });

  describe('under gather', () => {
    it.each(asyncEndings)(
      'is seen by branches while it is open, and not after it was $title',
      async (ending) => {
        const both = [new Readings(form), new Readings(form)];
        await unitWithBase(async () => {
          await form
            .enter('temporary', async () => {
              void gather(
                both.map((each) => async () => {
                  while (!each.stopped) {
                    each.read();
                    await macrotask();
                  }
                }),
              );
              await both[1].more(3);
              return endAs(ending);
            })
            .catch(() => {});
          for (const each of both) each.over = true;
          for (const each of both) await each.more(3);
          for (const each of both) each.stopped = true;
          expect(see(form)).toBe('base');
        });
        for (const { open, after: left } of both) {
          expect(new Set(open)).toEqual(new Set(['temporary']));
          expect(new Set(left)).toEqual(new Set([after]));
        }
      },
    );

    it('is seen by no branch but the one that opened it', async () => {
      const seen: unknown[] = [];
      await unitWithBase(async () => {
        const gate = deferred<void>();
        const inside = deferred<void>();
        await gather([
          () =>
            form.enter('temporary', async () => {
              inside.resolve();
              await gate.promise;
            }),
          async () => {
            await inside.promise;
            seen.push(see(form));
            gate.resolve();
          },
        ]);
        seen.push(see(form));
      });
      expect(seen).toEqual(['base', 'base']);
    });
  });

  it.each(endings)(
    'is closed by the end of its unit of work where it has not settled, when that is $title',
    async (ending) => {
      readings = new Readings(form);
      const call = async () =>
        unitWithBase(() => {
          void form.enter('temporary', () => {
            leftRunning[0].start(readings);
            return new Promise<never>(() => {});
          });
          return ending.isAsync ? readings.more(2).then(() => endAs(ending)) : endAs(ending);
        });
      const ended = readings.endedBy(() => call());
      if (ending.fails) await expect(ended).rejects.toBe(failure);
      else await ended;
      await readings.more(3);
      expect(new Set(readings.open.slice(0, 1))).toEqual(new Set(['temporary']));
      expect(new Set(readings.after)).toEqual(new Set([after]));
    },
  );

  it.each(endings)('outside any unit of work lasts for its call too, when $title', async (ending) => {
    readings = new Readings(form);
    await runToItsEnd(form, ending, readings, () => leftRunning[0].start(readings));
    await readings.more(3);
    expect(readings.open.every((value) => value === 'temporary')).toBe(true);
    // There is no base here: a fallback counts for a ContextVar, and never for a ScopedValue.
    const unset = 'ERR_VAR_UNSET, but fallback with a fallback';
    expect(new Set(readings.after)).toEqual(new Set([form.scoped ? 'ERR_SCOPE_ENDED' : unset]));
    expect(see(form)).toBe(unset);
  });
});

describe.each(contextVarForms)('$title, set and reset', (form) => {
  it.each(endings)(
    'a stray set by work left running is an error that changes nothing, when $title',
    async (ending) => {
      readings = new Readings(form);
      const strays: unknown[] = [];
      const stray = deferred<void>();
      await unitWithBase(async () => {
        await runToItsEnd(form, ending, readings, () => {
          leftRunning[0].start(readings);
          setImmediate(async () => {
            while (!readings.over) await macrotask();
            strays.push(attempt(() => data.set('stray')));
            strays.push(data.get());
            stray.resolve();
          });
        });
        await stray.promise;
        expect(data.get()).toBe('base');
      });
      expect(strays).toEqual(['ERR_SCOPE_ENDED', 'base']);
    },
  );

  it.each(endings)('a stray set under two levels changes neither, when $title', async (ending) => {
    readings = new Readings(form);
    const stray = deferred<unknown>();
    await unitWithBase(async () => {
      await form.enter('outer', async () => {
        await runToItsEnd(form, ending, readings, () => {
          leftRunning[0].start(readings);
          void readings.more(3).then(async () => {
            while (!readings.over) await macrotask();
            stray.resolve(attempt(() => data.set('stray')));
          });
        });
        expect(await stray.promise).toBe('ERR_SCOPE_ENDED');
        expect(data.get()).toBe('outer');
      });
      expect(data.get()).toBe('base');
    });
  });

  it.each(endings)(
    'a token of a set inside is of no use outside, and spoils nothing, when $title',
    async (ending) => {
      readings = new Readings(form);
      await unitWithBase(async () => {
        const made = deferred<ReturnType<typeof data.set>>();
        await runToItsEnd(form, ending, readings, () => {
          leftRunning[0].start(readings);
          expect(data.get()).toBe('temporary');
          made.resolve(data.set('temporary'));
        });
        const token = await made.promise;
        expect(token.oldValue).toBe('temporary');
        expect(attempt(() => data.reset(token))).toBe('ERR_TOKEN_FOREIGN_CONTEXT');
        expect(attempt(() => token[Symbol.dispose]())).toBe('ERR_TOKEN_FOREIGN_CONTEXT');
        expect(data.get()).toBe('base');
      });
    },
  );

  it('a token of a set inside is foreign to a sibling while the scope is open, and still good inside', async () => {
    await unitWithBase(async () => {
      const made = deferred<ReturnType<typeof data.set>>();
      const tried = deferred<void>();
      const call = form.enter('temporary', async () => {
        made.resolve(data.set('changed'));
        await tried.promise;
        expect(data.get()).toBe('changed');
        data.reset(await made.promise);
        expect(data.get()).toBe('temporary');
      });
      const token = await made.promise;
      expect(attempt(() => data.reset(token))).toBe('ERR_TOKEN_FOREIGN_CONTEXT');
      expect(data.get()).toBe('base');
      tried.resolve();
      await call;
    });
  });

  it('a token of a set outside is foreign inside, and still good outside', () => {
    unitWithBase(() => {
      const token = data.set('changed');
      form.enter('temporary', () => {
        expect(attempt(() => data.reset(token))).toBe('ERR_TOKEN_FOREIGN_CONTEXT');
        expect(data.get()).toBe('temporary');
      });
      data.reset(token);
      expect(data.get()).toBe('base');
    });
  });

  it('a token of one temporary scope is foreign in another, inside it or beside it', () => {
    unitWithBase(() => {
      form.enter('outer', () => {
        const token = data.set('changed');
        form.enter('inner', () => {
          expect(attempt(() => data.reset(token))).toBe('ERR_TOKEN_FOREIGN_CONTEXT');
          expect(data.get()).toBe('inner');
        });
        expect(data.get()).toBe('changed');
        data.reset(token);
        expect(data.get()).toBe('outer');
      });
    });
  });

  it('a token that is used by work left running says that the scope has ended', async () => {
    await unitWithBase(async () => {
      const late = deferred<unknown>();
      form.enter('temporary', () => {
        const token = data.set('changed');
        setImmediate(() => late.resolve(attempt(() => data.reset(token))));
      });
      expect(await late.promise).toBe('ERR_SCOPE_ENDED');
      expect(data.get()).toBe('base');
    });
  });

  it('a set in a gather branch is seen by neither its siblings nor the parent', async () => {
    await unitWithBase(async () => {
      await form.enter('temporary', async () => {
        const set = deferred<void>();
        const seen = await gather([
          async () => {
            data.set('branch');
            set.resolve();
            await macrotask();
            return data.get();
          },
          async () => {
            await set.promise;
            return data.get();
          },
        ]);
        expect(seen).toEqual(['branch', 'temporary']);
        expect(data.get()).toBe('temporary');
      });
      expect(data.get()).toBe('base');
    });
  });

  it('a stray set in a gather branch that outlives the scope is an error', async () => {
    await unitWithBase(async () => {
      const late = deferred<unknown>();
      form.enter('temporary', () => {
        void gather([
          async () => {
            data.set('branch');
            await macrotask();
            late.resolve([attempt(() => data.set('stray')), data.get()]);
          },
        ]);
      });
      expect(await late.promise).toEqual(['ERR_SCOPE_ENDED', 'base']);
      expect(data.get()).toBe('base');
    });
  });

  it('a token of a gather branch is foreign to the parent and to siblings', async () => {
    await unitWithBase(async () => {
      await form.enter('temporary', async () => {
        const [token] = await gather([() => data.set('branch')]);
        expect(attempt(() => data.reset(token))).toBe('ERR_TOKEN_FOREIGN_CONTEXT');
        const [inBranch] = await gather([() => attempt(() => data.reset(token))]);
        expect(inBranch).toBe('ERR_TOKEN_FOREIGN_CONTEXT');
        expect(data.get()).toBe('temporary');
      });
    });
  });
});

describe.each(scopedValueForms)('$title, privileges', (form) => {
  it('never falls back to a lower or a higher level', async () => {
    const seen: unknown[] = [];
    await runUnitOfWork({ kind: 'test' }, async () => {
      role.bind('admin');
      const done = deferred<void>();
      await form.enter('clerk', async () => {
        await form.enter('auditor', async () => {
          setImmediate(async () => {
            await macrotask();
            seen.push(see(form));
            done.resolve();
          });
        });
        await done.promise;
        seen.push(see(form));
      });
      seen.push(see(form));
    });
    expect(seen).toEqual(['ERR_SCOPE_ENDED', 'clerk', 'admin']);
  });

  it('work left running may open a scope of its own again, and only that one counts', async () => {
    const late = deferred<unknown[]>();
    await unitWithBase(async () => {
      form.enter('temporary', () => {
        setImmediate(() => {
          const inner = form.enter('again', () => see(form));
          late.resolve([see(form), inner, see(form)]);
        });
      });
      expect(await late.promise).toEqual(['ERR_SCOPE_ENDED', 'again', 'ERR_SCOPE_ENDED']);
    });
  });

  it('work left running cannot bind a base: the unit of work has its own', async () => {
    const late = deferred<unknown>();
    await unitWithBase(async () => {
      form.enter('temporary', () => {
        setImmediate(() => late.resolve(attempt(() => role.bind('stray'))));
      });
      expect(await late.promise).toBe('ERR_SCOPE_ENDED');
      expect(role.get()).toBe('base');
    });
  });
});
