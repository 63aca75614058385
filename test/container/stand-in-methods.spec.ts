// A method read from a stand-in is one function for all units of work, and acts on the instance of the one that it is
// called in.

import { EventEmitter, once } from 'node:events';
import { setImmediate as immediate } from 'node:timers/promises';
import { Context, runUnitOfWork } from '../../src/core/index.js';
import { type Anything, withOwn } from './stand-in-comparison.js';
import { standInOf, standInOfClass } from './stand-in-subject.js';

let made = 0;

class Caller {
  #id = ++made;
  readonly seen: unknown[] = [];
  id(): number {
    return this.#id;
  }
  see(what: unknown): this {
    this.seen.push(what);
    return this;
  }
  itself(): this {
    return this;
  }
  *[Symbol.iterator](): Generator<number> {
    yield this.#id;
  }
}

const kinds = [
  ['a class', () => standInOfClass(Caller)],
  ['a factory', () => standInOf(() => new Caller())],
] as const;

/** Runs `body` in a unit of work of its own, with an instance. */
function inUnit<R>(standIn: Caller, body: () => R): R {
  return new Context().run(() => {
    standIn.id();
    return body();
  });
}

describe.each(kinds)('of %s', (kind, subject) => {
  test('is the same in all units of work, before and after the instance is made', () => {
    const { standIn } = subject();
    const reads: unknown[] = kind === 'a class' ? [standIn.id] : [];
    new Context().run(() => reads.push(standIn.id, standIn.id(), standIn.id));
    new Context().run(() => reads.push(standIn.id));
    expect(new Set(reads.filter((read) => typeof read === 'function')).size).toBe(1);
  });

  test('is another one for another stand-in', () => {
    const [one, other] = [subject().standIn, subject().standIn];
    new Context().run(() => expect(one.id).not.toBe(other.id));
  });

  test('acts, extracted, on the instance of the unit that it is called in', () => {
    const { standIn } = subject();
    const id = inUnit(standIn, () => standIn.id);
    const first = inUnit(standIn, () => [id(), standIn.id()]);
    const second = inUnit(standIn, () => [id(), standIn.id()]);
    expect(first[0]).toBe(first[1]);
    expect(second[0]).toBe(second[1]);
    expect(first[0]).not.toBe(second[0]);
  });

  test('acts on it as a callback of an array, a timer, a promise and an emitter', async () => {
    const { standIn } = subject();
    await runUnitOfWork({ kind: 'job' }, async () => {
      const { see, seen } = standIn;
      [1].forEach(see);
      await new Promise<void>((resolve) =>
        setTimeout(() => {
          setTimeout(see, 0, 'timer').unref();
          setTimeout(resolve, 5);
        }, 0),
      );
      await Promise.resolve('promise').then(see);
      const emitter = new EventEmitter().on('event', see);
      emitter.emit('event', 'emitter');
      const holder = { see, seen: [] };
      holder.see('holder');
      expect(seen).toEqual([1, 'timer', 'promise', 'emitter', 'holder']);
      expect(holder.seen).toEqual([]);
    });
  });

  test('can be taken off an emitter again, in another unit of work', async () => {
    const { standIn } = subject();
    const emitter = new EventEmitter();
    inUnit(standIn, () => emitter.on('event', standIn.see));
    inUnit(standIn, () => emitter.off('event', standIn.see));
    expect(emitter.listenerCount('event')).toBe(0);
    setImmediate(() => emitter.emit('event'));
    await once(emitter, 'event');
  });

  test('acts on another instance, or on an object made from the stand-in, that it is called with', () => {
    const { standIn } = subject();
    inUnit(standIn, () => {
      const other = new Caller();
      expect(standIn.id.call(other)).toBe(other.id());
      expect(standIn.itself.call(other)).toBe(other);
      const derived = withOwn(standIn, {});
      expect(derived.itself()).toBe(derived);
    });
  });

  test('gives the stand-in where it gives the instance', () => {
    const { standIn } = subject();
    inUnit(standIn, () => {
      const { itself } = standIn;
      expect(standIn.itself()).toBe(standIn);
      expect(itself()).toBe(standIn);
      expect(standIn.itself.call(standIn)).toBe(standIn);
      expect(standIn.see(1).see(2)).toBe(standIn);
    });
  });

  test('is bound to nothing by bind but the current instance', () => {
    const { standIn } = subject();
    const bound = inUnit(standIn, () => standIn.id.bind(standIn));
    inUnit(standIn, () => expect(bound()).toBe(standIn.id()));
  });

  test('concurrent units of work do not meet', async () => {
    const { standIn } = subject();
    const ids = await Promise.all(
      Array.from({ length: 50 }, () =>
        runUnitOfWork({ kind: 'job' }, async () => {
          const before = standIn.id();
          await immediate();
          const { id } = standIn;
          expect([standIn.id(), id()]).toEqual([before, before]);
          return before;
        }),
      ),
    );
    expect(new Set(ids).size).toBe(50);
  });
});

class Plain {
  label = 'plain';
  act(): string {
    return `Plain ${this.label}`;
  }
  both(): string {
    return `${this.act()} and more`;
  }
}

class Own extends Plain {
  override act = (): string => `arrow of ${this.label}`;
}

class Derived extends Plain {
  override act(): string {
    return `Derived ${this.label}`;
  }
}

test.each([
  ['an arrow function in its place', Own, 'arrow of plain'],
  ['a method that overrides it', Derived, 'Derived plain'],
])('calls what the instance has: %s', (_title, type, result) => {
  const { standIn } = standInOf<Plain>(() => new type(), { type: Plain });
  const { act } = standIn;
  for (let unit = 0; unit < 3; unit++) {
    new Context().run(() => {
      expect(standIn.act()).toBe(result);
      expect(standIn.act()).toBe(result);
      expect(act()).toBe(result);
      expect(standIn.both()).toBe(`${result} and more`);
      expect(standIn.act).toBe(act);
    });
  }
});

test('calls what each instance has where they differ', () => {
  const types = [Plain, Derived, Own, Plain, Own, Derived];
  const { standIn } = standInOf<Plain>(() => new (types.shift() ?? Plain)(), { type: Plain });
  const { act } = standIn;
  const results = Array.from({ length: 6 }, () => new Context().run(() => [standIn.act(), act()]));
  const words = [
    'Plain plain',
    'Derived plain',
    'arrow of plain',
    'Plain plain',
    'arrow of plain',
    'Derived plain',
  ];
  expect(results).toEqual(words.map((word) => [word, word]));
});

test('calls what the instance has put in its place itself', () => {
  class Once {
    count = 0;
    load(): number {
      this.count++;
      this.load = () => 100 + this.count;
      return this.count;
    }
  }
  const { standIn } = standInOfClass(Once);
  const { load } = standIn;
  new Context().run(() => {
    expect([standIn.load(), standIn.load(), load()]).toEqual([1, 101, 101]);
    expect(standIn.load).toBe(load);
  });
});

test('says which method is missing from an instance', () => {
  const { standIn } = standInOf<Anything>(() => ({}), { name: 'mailer', type: Plain });
  new Context().run(() => expect(() => standIn.act()).toThrow(new TypeError('mailer.act is not a function')));
});

test('a getter of a function runs with the instance and gives what can be called', () => {
  class Getting {
    #word = 'got';
    get say(): (end: string) => string {
      return (end) => this.#word + end;
    }
  }
  const { standIn } = standInOfClass(Getting);
  new Context().run(() => {
    const { say } = standIn;
    expect(standIn.say('!')).toBe('got!');
    expect(say('?')).toBe('got?');
  });
});

test('any number of arguments arrives, and only those that were passed', () => {
  class Counting {
    none(...args: unknown[]): unknown[] {
      return args;
    }
    two(a?: unknown, b?: unknown, ...rest: unknown[]): unknown[] {
      // biome-ignore lint/complexity/noArguments: how many were passed is what is asked
      return [arguments.length, a, b, ...rest];
    }
    many(a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9): unknown[] {
      return [a, b, c, d, e, f, g, h, i];
    }
  }
  const { standIn } = standInOfClass(Counting);
  new Context().run(() => {
    expect(standIn.none()).toEqual([]);
    expect(standIn.none(undefined)).toEqual([undefined]);
    expect(standIn.two()).toEqual([0, undefined, undefined]);
    expect(standIn.two(1)).toEqual([1, 1, undefined]);
    expect(standIn.two(1, 2)).toEqual([2, 1, 2]);
    expect(standIn.two(1, 2, 3, 4)).toEqual([4, 1, 2, 3, 4]);
    expect(standIn.many(1, 2, 3, 4, 5, 6, 7, 8, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(standIn.many.length).toBe(9);
  });
});

test.each(['constructor2', 'a b', '"quoted"', "it's", '`', '\\', '\n', '\u2028', '*/', '__proto__', '0', ''])(
  'a method may be called %j',
  (name) => {
    const type = class {
      [name](): string {
        return `named ${name}`;
      }
    };
    const { standIn } = standInOf<Anything>(() => new type(), { type });
    new Context().run(() => expect(standIn[name]()).toBe(`named ${name}`));
  },
);
