import { PassThrough, Readable, Writable } from 'node:stream';
import { ReadableStream, TransformStream, WritableStream } from 'node:stream/web';
import {
  ContextError,
  ContextVar,
  currentUnit,
  gather,
  runUnitOfWork,
  ScopedValue,
  type UnitOfWork,
  WithTempContext,
  withTempContext,
} from '../../src/core/index.js';
import { deferred, macrotask, Readings } from './readings.js';
import {
  afterwards,
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

// What a temporary scope does besides hiding its value: what stays, what is refused, what it leaves alone.

const tenant = new ContextVar<string>('tenant');
const locale = new ContextVar<string>('locale', { default: 'en' });
const actor = new ScopedValue<string>('actor');

describe.each(forms)('$title', (form) => {
  it.each(endings)('leaves other variables set that were set inside, when $title', async (ending) => {
    await unitWithBase(async () => {
      const call = async (): Promise<string> =>
        form.enter('temporary', () => {
          tenant.set('acme');
          if (ending.isAsync) return macrotask().then(() => endAs(ending));
          return endAs(ending);
        });
      await call().catch((error) => expect(error).toBe(failure));
      expect(tenant.get()).toBe('acme');
    });
  });

  it('leaves other variables set that work left running sets after the end', async () => {
    await unitWithBase(async () => {
      const late = deferred<void>();
      form.enter('temporary', () => {
        setImmediate(() => {
          tenant.set('acme');
          late.resolve();
        });
      });
      await late.promise;
      expect(tenant.get()).toBe('acme');
    });
  });

  it('can be opened again inside itself, to any depth', async () => {
    await unitWithBase(async () => {
      const down = async (depth: number): Promise<void> => {
        expect(see(form)).toBe(depth === 0 ? 'base' : `level ${depth}`);
        if (depth === 20) return;
        await form.enter(`level ${depth + 1}`, async () => {
          await down(depth + 1);
          expect(see(form)).toBe(`level ${depth + 1}`);
        });
        expect(see(form)).toBe(depth === 0 ? 'base' : `level ${depth}`);
      };
      await down(0);
    });
  });

  it('with the same value as outside is a scope of its own', async () => {
    const readings = new Readings(form);
    await unitWithBase(async () => {
      await form.enter('base', async () => setImmediate(readings.read));
      await readings.more(1);
    });
    expect(readings.open).toEqual([afterwards(form)]);
  });

  it('with undefined as the value is bound to undefined', () => {
    const value = undefined as unknown as string;
    unitWithBase(() => {
      expect(form.enter(value, () => [see(form)])).toEqual([undefined]);
      expect(see(form)).toBe('base');
    });
  });

  it.each(endings)('outside any unit of work begins one that ends with it, when $title', async (ending) => {
    expect(currentUnit()).toBeUndefined();
    const units: (UnitOfWork | undefined)[] = [];
    let endedInside: boolean | undefined;
    const call = async (): Promise<string> =>
      form.enter('temporary', () => {
        units.push(currentUnit());
        endedInside = currentUnit()?.ended;
        tenant.set('acme');
        expect(tenant.get()).toBe('acme');
        return ending.isAsync ? macrotask().then(() => endAs(ending)) : endAs(ending);
      });
    await call().catch((error) => expect(error).toBe(failure));
    expect(units[0]).toMatchObject({ ended: true });
    expect(endedInside).toBe(false);
    expect(currentUnit()).toBeUndefined();
    expect(attempt(() => tenant.get())).toBe('ERR_VAR_UNSET');
  });

  it('inside a unit of work stays in it', async () => {
    await unitWithBase(async () => {
      const unit = currentUnit();
      await form.enter('temporary', async () => {
        expect(currentUnit()).toBe(unit);
        await macrotask();
        expect(currentUnit()).toBe(unit);
      });
      expect(unit?.ended).toBe(false);
    });
  });

  describe('results that are not lazy', () => {
    class Order {
      #id = 1;
      get id(): number {
        return this.#id;
      }
    }
    const results: [string, unknown][] = [
      ['an array', [1, 2]],
      ['a Map', new Map([[1, 2]])],
      ['a Set', new Set([1])],
      ['a Date', new Date(0)],
      ['a class instance', new Order()],
      ['a plain object', { next: 'page', then: 'value', subscribe: true }],
      ['a frozen object', Object.freeze({})],
      ['an object without prototype', Object.create(null)],
      ['a function', () => {}],
      ['a class', Order],
      ['a function with the methods of a stream', Object.assign(() => {}, { pipe() {}, on() {} })],
      [
        'a function with the methods of an iterator',
        Object.assign(() => {}, { next() {}, [Symbol.iterator]() {} }),
      ],
      ['what has one method of a stream', { pipe() {} }],
      ['what has listeners and no stream', { on() {}, end() {} }],
      ['what can be written and has no listeners', { write() {}, end() {} }],
      ['what has one end of a pair', { readable: new ReadableStream(), writable: {} }],
      ['what has the other end of a pair', { readable: null, writable: new WritableStream() }],
      ["what has one method of Nest's StreamableFile", { getStream() {} }],
      ["what has the other method of Nest's StreamableFile", { getHeaders() {} }],
      ['a typed array', new Uint8Array(1)],
      ['an error', new Error('a value')],
      ['a URL', new URL('http://localhost')],
      ['a regular expression', /x/],
      ['null', null],
      ['undefined', undefined],
      ['a string', 'text'],
      ['a bigint', 1n],
      ['a symbol', Symbol('result')],
    ];

    it.each(results)('%s comes back identical', async (_, result) => {
      await unitWithBase(async () => {
        expect(form.enter('temporary', () => result)).toBe(result);
        expect(await form.enter('temporary', async () => result)).toBe(result);
        expect(see(form)).toBe('base');
      });
    });
  });

  describe('streams', () => {
    class StreamableFile {
      readonly #stream = Readable.from(['x']);
      getStream(): Readable {
        return this.#stream;
      }
      getHeaders(): object {
        return {};
      }
    }
    const streams: [string, () => object][] = [
      ['a Node Readable', () => Readable.from(['x'])],
      ['a Node Writable', () => new Writable()],
      ['a Node Duplex', () => new PassThrough()],
      ['a web ReadableStream', () => new ReadableStream()],
      ['a web WritableStream', () => new WritableStream()],
      ['a web TransformStream', () => new TransformStream()],
      ["an object like Nest's StreamableFile", () => new StreamableFile()],
      ['what can be written and has listeners', () => ({ write() {}, end() {}, on() {} })],
    ];
    const ways: [string, (make: () => object) => unknown][] = [
      ['returned', (make) => make()],
      ['promised', async (make) => make()],
      ['in a thenable', (make) => ({ then: (resolve: (value: unknown) => void) => resolve(make()) })],
    ];

    describe.each(ways)('%s', (_, way) => {
      it.each(streams)('%s is refused, and the scope is over then', async (_title, make) => {
        const readings = new Readings(form);
        await unitWithBase(async () => {
          const call = async () =>
            form.enter('temporary', () => {
              setImmediate(readings.read);
              return way(make);
            });
          const error: unknown = await call().catch((thrown) => thrown);
          readings.over = true;
          expect(error).toBeInstanceOf(ContextError);
          expect(error).toMatchObject({
            code: 'ERR_LAZY_RESULT',
            message:
              'A stream was returned under a temporary scope: it does its work after the call has ended, without ' +
              'the temporary value. Consume it inside the scope, return an async iterable, or make the stream outside.',
          });
          expect(see(form)).toBe('base');
          await readings.more(1);
        });
        expect(readings.open).toEqual([]);
        expect(readings.after).toEqual([afterwards(form)]);
      });
    });

    it('are refused by a synchronous error where they are returned', () => {
      unitWithBase(() => {
        expect(attempt(() => form.enter('temporary', () => Readable.from(['x'])))).toBe('ERR_LAZY_RESULT');
      });
    });

    it('inside the scope may be made and consumed', async () => {
      await unitWithBase(async () => {
        const chunks = await form.enter('temporary', async () => {
          const seen: unknown[] = [];
          for await (const chunk of Readable.from(['a', 'b'])) seen.push(chunk, see(form));
          return seen;
        });
        expect(chunks).toEqual(['a', 'temporary', 'b', 'temporary']);
      });
    });
  });

  it('a result whose getter throws ends the scope', async () => {
    const readings = new Readings(form);
    await unitWithBase(async () => {
      const call = () =>
        form.enter('temporary', () => {
          setImmediate(readings.read);
          return {
            get then(): never {
              throw failure;
            },
          };
        });
      expect(call).toThrow(failure);
      readings.over = true;
      await readings.more(1);
    });
    expect(readings.after).toEqual([afterwards(form)]);
  });

  it('an open scope of another variable is not disturbed by the end of this one', async () => {
    await unitWithBase(async () => {
      const late = deferred<unknown>();
      await withTempContext([tenant.as('acme'), actor.as('robot')], async () => {
        form.enter('temporary', () => {
          setImmediate(() => late.resolve([tenant.get(), actor.get(), see(form)]));
        });
        expect(await late.promise).toEqual(['acme', 'robot', afterwards(form)]);
      });
    });
  });

  it('work left running still says so after it has opened scopes of other variables', async () => {
    await unitWithBase(async () => {
      const late = deferred<unknown>();
      form.enter('temporary', () => {
        setImmediate(async () => {
          const inner = await withTempContext([tenant.as('acme')], async () =>
            actor.run('robot', async () => [tenant.get(), actor.get(), see(form)]),
          );
          const set = attempt(() => withTempContext([tenant.as('acme')], () => data.set('stray')));
          late.resolve([...inner, form.scoped ? 'ERR_SCOPE_ENDED' : set]);
        });
      });
      expect(await late.promise).toEqual(['acme', 'robot', afterwards(form), 'ERR_SCOPE_ENDED']);
    });
  });
});

describe.each(contextVarForms)('$title, set inside', (form) => {
  it.each(endings)(
    'changes the temporary value, and the outer one is back afterwards, when $title',
    async (ending) => {
      await unitWithBase(async () => {
        const call = async () =>
          form.enter('temporary', () => {
            const token = data.set('changed');
            expect(token.oldValue).toBe('temporary');
            expect(data.get()).toBe('changed');
            if (!ending.isAsync) return endAs(ending);
            return macrotask().then(() => {
              expect(data.get()).toBe('changed');
              return endAs(ending);
            });
          });
        await call().catch((error) => expect(error).toBe(failure));
        expect(data.get()).toBe('base');
      });
    },
  );

  it('and reset inside gives the temporary value back', () => {
    unitWithBase(() => {
      form.enter('temporary', () => {
        const outer = data.set('changed');
        data.set('changed again');
        data.reset(outer);
        expect(data.get()).toBe('temporary');
        expect(attempt(() => data.reset(outer))).toBe('ERR_TOKEN_USED');
      });
    });
  });

  it('a set outside while it is open is seen outside, and not inside', async () => {
    await unitWithBase(async () => {
      const set = deferred<void>();
      const call = form.enter('temporary', async () => {
        await set.promise;
        expect(data.get()).toBe('temporary');
      });
      data.set('new base');
      set.resolve();
      await call;
      expect(data.get()).toBe('new base');
    });
  });

  it('a set before an inner scope is back after it', () => {
    unitWithBase(() => {
      form.enter('outer', () => {
        data.set('changed');
        form.enter('inner', () => data.set('changed inside'));
        expect(data.get()).toBe('changed');
      });
      expect(data.get()).toBe('base');
    });
  });
});

describe.each(scopedValueForms)('$title, bind inside', (form) => {
  it.each([
    ['with a base', true],
    ['without one', false],
  ])('is an error that changes nothing, %s', async (_, hasBase) => {
    const check = async (): Promise<void> => {
      await form.enter('temporary', async () => {
        expect(attempt(() => role.bind('other'))).toBe('ERR_ALREADY_BOUND');
        await macrotask();
        const [inBranch] = await gather([() => attempt(() => role.bind('other'))]);
        expect(inBranch).toBe('ERR_ALREADY_BOUND');
        expect(role.get()).toBe('temporary');
      });
      expect(role.get('unset')).toBe(hasBase ? 'base' : 'unset');
    };
    await (hasBase ? unitWithBase(check) : runUnitOfWork({ kind: 'test' }, check));
  });
});

describe('several bindings in one call', () => {
  it('are in force together and end together, whatever their kinds', async () => {
    await unitWithBase(async () => {
      const late = deferred<unknown[]>();
      const read = (): unknown[] => [
        data.get(),
        tenant.get('unset'),
        locale.get(),
        attempt(() => role.get()),
        attempt(() => actor.get('unset')),
      ];
      await withTempContext(
        [data.as('temporary'), role.as('admin'), tenant.as('acme'), actor.as('robot'), locale.as('de')],
        async () => {
          expect(read()).toEqual(['temporary', 'acme', 'de', 'admin', 'robot']);
          await macrotask();
          expect(read()).toEqual(['temporary', 'acme', 'de', 'admin', 'robot']);
          setImmediate(() => late.resolve(read()));
        },
      );
      expect(read()).toEqual(['base', 'unset', 'en', 'base', 'unset']);
      expect(await late.promise).toEqual(['base', 'unset', 'en', 'ERR_SCOPE_ENDED', 'ERR_SCOPE_ENDED']);
    });
  });

  it('of one variable: the last one counts, and all end', async () => {
    await unitWithBase(async () => {
      const late = deferred<unknown[]>();
      withTempContext([data.as('first'), role.as('clerk'), data.as('last'), role.as('admin')], () => {
        expect([data.get(), role.get()]).toEqual(['last', 'admin']);
        setImmediate(() => late.resolve([data.get(), attempt(() => role.get())]));
      });
      expect([data.get(), role.get()]).toEqual(['base', 'base']);
      expect(await late.promise).toEqual(['base', 'ERR_SCOPE_ENDED']);
    });
  });

  it('none: is a scope without a value', async () => {
    await unitWithBase(async () => {
      expect(await withTempContext([], async () => [data.get(), role.get()])).toEqual(['base', 'base']);
    });
  });

  it('a wrong one among them is refused before the call', () => {
    let called = false;
    const wrong = [data.as('temporary'), { name: 'data' }] as never;
    expect(() => withTempContext(wrong, () => (called = true))).toThrow(TypeError);
    expect(called).toBe(false);
    expect(data.get('unset')).toBe('unset');
  });

  it('a binding can be used again and again', () => {
    const binding = data.as('temporary');
    for (let i = 0; i < 2; i++) {
      expect(withTempContext([binding, binding], () => data.get())).toBe('temporary');
    }
  });
});

describe('@WithTempContext', () => {
  class Ledger {
    constructor(readonly owner: string) {}

    @WithTempContext(data.as('temporary'), role.as('admin'))
    fixed(first: string, second: string): unknown[] {
      return [this.owner, data.get(), role.get(), first, second];
    }

    @WithTempContext(function (this: Ledger, order: string, amount: number) {
      return [data.as(`${this.owner} ${order}`), role.as(`${amount}`)];
    })
    async made(order: string, amount: number): Promise<unknown[]> {
      await macrotask();
      return [this.owner, order, amount, data.get(), role.get()];
    }

    @WithTempContext(() => {
      throw failure;
    })
    unmade(): string {
      return 'called';
    }

    @WithTempContext(() => 'no bindings' as never)
    mismade(): string {
      return 'called';
    }

    @WithTempContext((order: string) => [data.as(order)])
    static *entries(_order: string): Generator<string> {
      yield data.get();
    }

    @WithTempContext(data.as('temporary'))
    async *pages(): AsyncGenerator<string> {
      yield `${this.owner} ${data.get()}`;
      yield `${this.owner} ${data.get()}`;
    }

    @WithTempContext(data.as('outer'), role.as('outer'))
    @WithTempContext(data.as('inner'))
    twice(): unknown[] {
      return [data.get(), role.get()];
    }
  }

  it('gives the method its bindings, this and arguments', () => {
    unitWithBase(() => {
      expect(new Ledger('ada').fixed('a', 'b')).toEqual(['ada', 'temporary', 'admin', 'a', 'b']);
      expect([data.get(), role.get()]).toEqual(['base', 'base']);
    });
  });

  it('with a function makes the bindings from this and the arguments of each call', async () => {
    await unitWithBase(async () => {
      const calls = [new Ledger('ada').made('o1', 1), new Ledger('bob').made('o2', 2)];
      expect(await Promise.all(calls)).toEqual([
        ['ada', 'o1', 1, 'ada o1', '1'],
        ['bob', 'o2', 2, 'bob o2', '2'],
      ]);
      expect([data.get(), role.get()]).toEqual(['base', 'base']);
    });
  });

  it('with a function that fails, or gives no bindings, does not call the method', () => {
    expect(() => new Ledger('ada').unmade()).toThrow(failure);
    expect(() => new Ledger('ada').mismade()).toThrow(TypeError);
  });

  it('keeps name, length and kind of the method', () => {
    const { fixed, made } = Ledger.prototype;
    expect([fixed.name, fixed.length]).toEqual(['fixed', 2]);
    expect([made.name, made.length]).toEqual(['made', 2]);
    expect([Ledger.entries.name, Ledger.entries.length]).toEqual(['entries', 1]);
    expect(Object.keys(Ledger.prototype)).toEqual([]);
  });

  it('works on generators and static methods', async () => {
    await unitWithBase(async () => {
      expect([...Ledger.entries('o1')]).toEqual(['o1']);
      const pages: string[] = [];
      for await (const page of new Ledger('ada').pages()) pages.push(page, data.get());
      expect(pages).toEqual(['ada temporary', 'base', 'ada temporary', 'base']);
    });
  });

  it('can be given twice: the inner one counts', () => {
    expect(new Ledger('ada').twice()).toEqual(['inner', 'outer']);
  });
});
