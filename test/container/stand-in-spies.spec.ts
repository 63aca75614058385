// What is written in the place of a method, as jest.spyOn does it, is read and called as on a plain instance, and calls
// the method that was there before.

import { Context } from '../../src/core/index.js';
import { type Anything, standInKinds } from './stand-in-comparison.js';
import { standInOfClass } from './stand-in-subject.js';

class Caller {
  #secret = 7;
  label = 'field';
  greet(word = 'hello'): string {
    return `${word} ${this.#secret}`;
  }
  twice(): string {
    return `${this.greet()} ${this.greet()}`;
  }
  arrow = (): string => `arrow ${this.#secret}`;
  get secret(): number {
    return this.#secret;
  }
}

afterEach(() => jest.restoreAllMocks());

describe.each(standInKinds(Caller))('a stand-in of %s', (_kind, subject) => {
  /** The rest runs in a unit of work of its own. */
  const inUnit = (body: (standIn: Caller, instance: () => Caller) => void): void => {
    const { standIn, made } = subject();
    new Context().run(() => body(standIn, () => made.at(-1) as Caller));
  };

  test('jest.spyOn calls the method and counts', () =>
    inUnit((standIn) => {
      const spy = jest.spyOn(standIn, 'greet');
      expect(standIn.greet('hi')).toBe('hi 7');
      expect(standIn.greet).toHaveBeenCalledWith('hi');
      expect(standIn.greet).toBe(spy);
      expect(standIn.twice()).toBe('hello 7 hello 7');
      expect(spy).toHaveBeenCalledTimes(3);
    }));

  test('jest.spyOn of an arrow function calls it and counts', () =>
    inUnit((standIn) => {
      const spy = jest.spyOn(standIn, 'arrow');
      expect(standIn.arrow()).toBe('arrow 7');
      expect(standIn.arrow).toHaveBeenCalledTimes(1);
      spy.mockRestore();
      expect(standIn.arrow()).toBe('arrow 7');
      expect(jest.isMockFunction(standIn.arrow)).toBe(false);
    }));

  test('a mocked result is given until it is restored', () =>
    inUnit((standIn, instance) => {
      const spy = jest.spyOn(standIn, 'greet').mockReturnValue('mocked');
      expect([standIn.greet(), instance().greet()]).toEqual(['mocked', 'mocked']);
      spy.mockRestore();
      expect([standIn.greet(), instance().greet()]).toEqual(['hello 7', 'hello 7']);
      expect(Object.hasOwn(instance(), 'greet')).toBe(false);
    }));

  test('a second spy after the first was restored works as the first', () =>
    inUnit((standIn) => {
      for (let round = 0; round < 3; round++) {
        const spy = jest.spyOn(standIn, 'greet');
        expect(standIn.greet()).toBe('hello 7');
        expect(spy).toHaveBeenCalledTimes(1);
        spy.mockRestore();
      }
    }));

  test('a function extracted before is the method still, as on a plain instance', () =>
    inUnit((standIn) => {
      const { greet, arrow } = standIn;
      jest.spyOn(standIn, 'greet').mockReturnValue('mocked');
      jest.spyOn(standIn, 'arrow').mockReturnValue('mocked');
      expect([greet(), arrow()]).toEqual(['hello 7', 'arrow 7']);
    }));

  test('another unit of work is not touched', () => {
    const { standIn } = subject();
    new Context().run(() => jest.spyOn(standIn, 'greet').mockReturnValue('mocked'));
    new Context().run(() => {
      expect(standIn.greet()).toBe('hello 7');
      expect(jest.isMockFunction(standIn.greet)).toBe(false);
    });
  });

  test('restoring after the unit of work, as in afterEach, throws nothing', () => {
    inUnit((standIn) => {
      jest.spyOn(standIn, 'greet');
      jest.spyOn(standIn, 'arrow');
    });
    expect(() => jest.restoreAllMocks()).not.toThrow();
  });

  test('a getter can be spied on', () =>
    inUnit((standIn) => {
      const spy = jest.spyOn(standIn, 'secret', 'get');
      expect(standIn.secret).toBe(7);
      spy.mockReturnValue(8);
      expect(standIn.secret).toBe(8);
      spy.mockRestore();
      expect(standIn.secret).toBe(7);
    }));

  test('a field can be replaced', () =>
    inUnit((standIn) => {
      const replaced = jest.replaceProperty(standIn, 'label', 'replaced');
      expect(standIn.label).toBe('replaced');
      replaced.restore();
      expect(standIn.label).toBe('field');
    }));

  test('a spy on the instance itself is seen once it has been called', () =>
    inUnit((standIn, instance) => {
      standIn.greet();
      jest.spyOn(instance(), 'greet').mockReturnValue('mocked');
      expect(standIn.greet()).toBe('mocked');
      expect(standIn.greet).toHaveBeenCalledTimes(1);
    }));

  test('a spy on the class is seen once it has been called', () => {
    const { standIn } = subject();
    const before = new Context().run(() => [standIn.greet(), standIn.greet] as const)[1];
    const spy = jest.spyOn(Caller.prototype, 'greet').mockReturnValue('mocked');
    new Context().run(() => {
      expect([standIn.greet(), before()]).toEqual(['mocked', 'mocked']);
      expect(standIn.greet).toHaveBeenCalledTimes(2);
    });
    spy.mockRestore();
    new Context().run(() => {
      expect(standIn.greet()).toBe('hello 7');
      expect(standIn.greet).toBe(before);
    });
  });

  test('a wrapper put around a method, and another around that, call each other', () =>
    inUnit((standIn) => {
      for (const mark of ['<', '[']) {
        const inner = standIn.greet;
        standIn.greet = function (this: Caller, ...args) {
          return mark + inner.apply(this, args);
        };
      }
      expect(standIn.greet()).toBe('[<hello 7');
      expect(standIn.twice()).toBe('[<hello 7 [<hello 7');
    }));

  test('a wrapper that calls the method later calls that one', async () => {
    const { standIn } = subject();
    await new Context().run(async () => {
      const inner = standIn.greet;
      standIn.greet = (async () => {
        await null;
        return `later ${inner()}`;
      }) as Anything;
      expect(await standIn.greet()).toBe('later hello 7');
    });
  });

  test('the method itself can be put back', () =>
    inUnit((standIn) => {
      const { greet } = standIn;
      standIn.greet = () => 'mine';
      standIn.greet = greet;
      expect(standIn.greet()).toBe('hello 7');
      standIn.greet = () => 'mine again';
      expect([standIn.greet(), greet()]).toEqual(['mine again', 'hello 7']);
    }));
});

test('a mock that the constructor has put there is given as it is', () => {
  class Mocked {
    greet = jest.fn(() => 'mocked');
  }
  const { standIn, made } = standInOfClass(Mocked);
  new Context().run(() => {
    expect(standIn.greet()).toBe('mocked');
    expect(standIn.greet).toHaveBeenCalledTimes(1);
    expect(standIn.greet).toBe(made[0]?.greet);
  });
});

test('a mock that a subclass has in the place of a method is given once it has been called', () => {
  class Mocked extends Caller {
    override greet = jest.fn(() => 'mocked');
  }
  const { standIn } = standInKinds(Caller, () => new Mocked())[0][1]();
  new Context().run(() => {
    expect(standIn.greet()).toBe('mocked');
    expect(standIn.greet).toHaveBeenCalledTimes(1);
  });
});
