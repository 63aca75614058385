// tsyringe's containers: child containers of users, and the one that each unit of work has for its instances.

import { container, inject, injectable, Lifecycle, scoped, singleton } from 'tsyringe';
import { ContextScoped, contextScopedFactory } from '../../src/container/index.js';
import { runUnitOfWork } from '../../src/core/index.js';
import { withCode } from '../core/support/outcome.js';

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);

@singleton()
class Clock {
  now(): string {
    return 'now';
  }
}

@ContextScoped()
class Journal {
  readonly id = {};
  constructor(readonly clock: Clock) {}
  entry(): string {
    return `at ${this.clock.now()}`;
  }
}

@injectable()
class Service {
  constructor(readonly journal: Journal) {}
}

describe('a child container', () => {
  test('with a fake in it gives that one to the class, and leaves all others as they are', () => {
    const child = container.createChildContainer();
    child.register(Clock, { useValue: { now: () => 'never' } });
    const [real, faked] = [container.resolve(Service), child.resolve(Service)];
    for (let i = 0; i < 2; i++) {
      expect(inUnit(() => [real, faked].map(({ journal }) => journal.entry()))).toEqual([
        'at now',
        'at never',
      ]);
    }
  });

  test('has a stand-in of its own, and its own instance in each unit of work', () => {
    const [first, second] = [container.createChildContainer(), container.createChildContainer()];
    expect(first.resolve(Journal)).toBe(first.resolve(Service).journal);
    expect(first.resolve(Journal)).not.toBe(second.resolve(Journal));
    expect(first.resolve(Journal)).not.toBe(container.resolve(Journal));
    inUnit(() => {
      expect(first.resolve(Journal).id).not.toBe(second.resolve(Journal).id);
      expect(first.resolve(Journal).clock).toBe(container.resolve(Clock));
    });
  });

  test('may have another class for a marked one', () => {
    class Silent extends Journal {
      override entry(): string {
        return 'silence';
      }
    }
    const child = container.createChildContainer();
    child.register(Journal, { useValue: new Silent(new Clock()) });
    expect(inUnit(() => child.resolve(Service).journal.entry())).toBe('silence');
  });
});

describe('in the container of a unit of work', () => {
  @scoped(Lifecycle.ContainerScoped)
  class Unit {}

  @injectable()
  class Part {
    constructor(readonly unit: Unit) {}
  }

  test("what is container-scoped in tsyringe's own way is there once for each unit of work", () => {
    @ContextScoped()
    class First {
      constructor(
        readonly unit: Unit,
        readonly part: Part,
      ) {}
    }
    @ContextScoped()
    class Second {
      constructor(readonly unit: Unit) {}
    }
    const units = [1, 2].map(() =>
      inUnit(() => {
        const { unit, part } = container.resolve(First);
        expect(part.unit).toBe(unit);
        expect(container.resolve(Second).unit).toBe(unit);
        return unit;
      }),
    );
    expect(units[0]).not.toBe(units[1]);
    expect(units).not.toContain(container.resolve(Unit));
  });

  test('also where that is registered after the unit of work has made its first instance', () => {
    @ContextScoped()
    class Late {
      constructor(@inject('Late') readonly late: object) {}
    }
    const held = inUnit(() => {
      container.resolve(Journal).entry();
      container.register('Late', { useClass: Unit }, { lifecycle: Lifecycle.ContainerScoped });
      return container.resolve(Late).late;
    });
    expect(container.resolve('Late')).not.toBe(held);
    expect(inUnit(() => container.resolve(Late).late)).not.toBe(held);
  });

  test('a singleton that is needed for the first time keeps nothing of the unit of work', () => {
    @singleton()
    class Cache {
      constructor(
        readonly unit: Unit,
        readonly journal: Journal,
      ) {}
    }
    @ContextScoped()
    class Repo {
      constructor(
        readonly cache: Cache,
        readonly unit: Unit,
      ) {}
    }
    inUnit(() => {
      const { cache, unit } = container.resolve(Repo);
      expect(cache.unit).not.toBe(unit);
      expect(cache.unit).toBe(container.resolve(Unit));
      expect(cache.journal).toBe(container.resolve(Journal));
      expect(cache).toBe(container.resolve(Cache));
    });
  });

  test('a factory may make a child of it, which is as close to the unit of work', () => {
    container.register('Nested', {
      useFactory: contextScopedFactory((c) => {
        const child = c.createChildContainer();
        child.register('Here', { useValue: 'here' });
        const [unit, here] = [child.resolve(Unit), child.resolve<string>('Here')];
        return { unit, same: child.resolve(Unit), here, outer: c.resolve(Unit) };
      }),
    });
    const nested = container.resolve<{ unit: Unit; same: Unit; here: string; outer: Unit }>('Nested');
    inUnit(() => {
      expect(nested.here).toBe('here');
      expect(nested.same).toBe(nested.unit);
      expect(nested.unit).not.toBe(container.resolve(Unit));
      expect(nested.outer).not.toBe(container.resolve(Unit));
    });
  });
});

describe('the work for a unit of work', () => {
  interface Inside {
    _registry: { _registryMap: Map<unknown, unknown> };
  }

  test('is the same however many classes are marked, registered and in use', () => {
    const own = container.createChildContainer();
    let unit: Inside | undefined;
    own.register('Unit', {
      useFactory: contextScopedFactory((c) => {
        unit = c as unknown as Inside;
        return { used: true };
      }),
    });
    const copied = jest.spyOn(own, 'createChildContainer');
    const looked = jest.spyOn((own as unknown as Inside)._registry, 'entries' as never);
    const heldAfterUse = (): number => {
      inUnit(() => expect(own.resolve<{ used: boolean }>('Unit').used).toBe(true));
      return unit?._registry._registryMap.size ?? Number.NaN;
    };
    const before = heldAfterUse();
    for (let i = 0; i < 200; i++) {
      @ContextScoped()
      class Marked {
        readonly id = {};
      }
      own.register(`token ${i}`, { useClass: Marked }, { lifecycle: Lifecycle.ContainerScoped });
      inUnit(() => own.resolve<Marked>(`token ${i}`).id);
    }
    expect(heldAfterUse()).toBe(before);
    expect(copied).not.toHaveBeenCalled();
    expect(looked).not.toHaveBeenCalled();
  });

  test('includes no container where nothing is used', () => {
    const made: unknown[] = [];
    container.register('Watched', {
      useFactory: contextScopedFactory((c) => {
        made.push(c);
        return {};
      }),
    });
    inUnit(() => void container.resolve('Watched'));
    expect(made).toEqual([]);
  });
});

test('a container that has been disposed of says so', async () => {
  const child = container.createChildContainer();
  const journal = child.resolve(Journal);
  await child.dispose();
  expect(() => child.resolve(Journal)).toThrow(/disposed/);
  expect(() => journal.entry()).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
});
