// Context-scoped classes in what tsyringe's own container makes.

import {
  container,
  delay,
  inject,
  injectAll,
  injectable,
  Lifecycle,
  registry,
  scoped,
  singleton,
} from 'tsyringe';
import { ContextScoped } from '../../src/container/index.js';
import { Context, ContextError, currentUnit, runUnitOfWork } from '../../src/core/index.js';
import { macrotask } from '../core/readings.js';
import { thrownBy, withCode } from '../core/support/outcome.js';

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);

/** Two instances: of two units of work. */
function perUnit<T extends object>(read: () => T): void {
  const [first, again] = inUnit(() => [read(), read()]);
  const other = inUnit(read);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
}

@ContextScoped()
class Counter {
  readonly unit = currentUnit()?.id;
  readonly id = {};
  count = 0;
  add(): number {
    this.count += 1;
    return this.count;
  }
}

@singleton()
class Service {
  constructor(readonly counter: Counter) {}
  add(): number {
    return this.counter.add();
  }
}

describe('a singleton that holds a context-scoped class', () => {
  test('is made outside any unit of work, and once', () => {
    expect(container.resolve(Service)).toBe(container.resolve(Service));
    expect(container.resolve(Service)).toBeInstanceOf(Service);
  });

  test('acts on the instance of the unit of work that it is called in, while units overlap', async () => {
    const service = container.resolve(Service);
    const count = async (times: number): Promise<number[]> => {
      const counts: number[] = [];
      for (let i = 0; i < times; i++) {
        counts.push(service.add());
        await macrotask();
      }
      return counts;
    };
    const units = [2, 3].map((times) => inUnit(() => count(times)));
    expect(await Promise.all(units)).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
  });

  test('makes no instance before it is used', () => {
    const made = jest.fn();
    @ContextScoped()
    class Unused {
      constructor() {
        made();
      }
    }
    @injectable()
    class Consumer {
      constructor(readonly unused: Unused) {}
    }
    inUnit(() => container.resolve(Consumer));
    expect(made).not.toHaveBeenCalled();
  });

  test('says so where it is used outside any unit of work', () => {
    const service = container.resolve(Service);
    expect(() => service.add()).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
    expect(() => service.add()).toThrow(/'Counter'/);
  });

  test('works in a Context of its own, as a script or a Lambda has it', () => {
    expect(
      new Context().run(() => [container.resolve(Service).add(), container.resolve(Service).add()]),
    ).toEqual([1, 2]);
  });
});

test('what is resolved by itself is the same stand-in that others are given', () => {
  expect(container.resolve(Counter)).toBe(container.resolve(Counter));
  expect(container.resolve(Counter)).toBe(container.resolve(Service).counter);
  expect(container.resolve(Counter)).toBeInstanceOf(Counter);
  const all = container.resolveAll(Counter);
  expect(all).toHaveLength(1);
  expect(all[0]).toBe(container.resolve(Counter));
});

test('the class itself stays plain', () => {
  const plain = new Counter();
  expect(plain.add()).toBe(1);
  expect(inUnit(() => container.resolve(Counter).id)).not.toBe(plain);
});

test('two classes of one name have an instance each', () => {
  const make = (value: string) => {
    @ContextScoped()
    class Same {
      readonly value = value;
    }
    return Same;
  };
  const [First, Second] = [make('first'), make('second')];
  @injectable()
  class Consumer {
    constructor(
      @inject(First) readonly first: { value: string },
      @inject(Second) readonly second: { value: string },
    ) {}
  }
  const consumer = container.resolve(Consumer);
  expect(inUnit(() => [consumer.first.value, consumer.second.value])).toEqual(['first', 'second']);
});

describe('it does not matter', () => {
  test('that the class is marked after its consumer has been registered', () => {
    class Late {
      readonly id = {};
    }
    @injectable()
    class Consumer {
      constructor(@inject(delay(() => Late)) readonly late: Late) {}
    }
    container.registerSingleton('Consumer', Consumer);
    ContextScoped()(Late);
    const { late } = container.resolve<Consumer>('Consumer');
    perUnit(() => late.id);
  });

  test('that the class is marked twice', () => {
    @ContextScoped()
    @ContextScoped()
    class Twice {
      readonly id = {};
    }
    expect(container.resolveAll(Twice)).toHaveLength(1);
    perUnit(() => container.resolve(Twice).id);
  });

  test.each([
    ['@injectable()', injectable()],
    ['@singleton()', singleton()],
    ['@scoped(ContainerScoped)', scoped(Lifecycle.ContainerScoped)],
  ])('that %s stands above or below', (_, decorator) => {
    @decorator
    @ContextScoped()
    class Below {
      readonly id = {};
      constructor(readonly counter: Counter) {}
    }
    @ContextScoped()
    @decorator
    class Above {
      readonly id = {};
      constructor(readonly counter: Counter) {}
    }
    for (const type of [Below, Above]) {
      perUnit(() => container.resolve(type).id);
      inUnit(() => expect(container.resolve<Below>(type).counter).toBe(container.resolve(Counter)));
    }
  });

  test('how it got under a token: not even by useClass does a singleton keep one for all units', () => {
    @ContextScoped()
    class Repo {
      readonly id = {};
    }
    @ContextScoped()
    @registry([{ token: 'Registry', useClass: Repo }])
    @injectable({ token: 'Injectable' })
    class Named {
      readonly id = {};
    }
    container.register('Token', { useToken: Repo });
    container.register('Class', { useClass: Repo });
    container.register('ItsClass', Repo);
    container.register('Delayed', { useClass: delay(() => Repo) });
    container.registerSingleton('Singleton', Repo);
    container.registerType('Type', Repo);
    container.register('Scoped', { useClass: Repo }, { lifecycle: Lifecycle.ContainerScoped });
    const tokens = [
      'Token',
      'Class',
      'ItsClass',
      'Delayed',
      'Singleton',
      'Type',
      'Scoped',
      'Registry',
      'Injectable',
    ];
    for (const token of tokens) {
      const held = container.resolve<Repo | Named>(token);
      perUnit(() => held.id);
    }
    expect(container.resolve('Token')).toBe(container.resolve('Class'));
  });

  test('that the container is reset or its instances are cleared', () => {
    const child = container.createChildContainer();
    child.register('Counter', { useClass: Counter });
    const standIn = child.resolve(Counter);
    for (const clear of [() => child.clearInstances(), () => child.reset()]) {
      clear();
      perUnit(() => child.resolve(Counter).id);
      expect(child.resolve(Counter)).toBe(standIn);
    }
  });
});

test('a subclass that is not marked is refused: it would be one for all units of work', () => {
  @injectable()
  class Sub extends Counter {}
  expect(() => container.resolve(Sub)).toThrow(expect.objectContaining({ code: 'ERR_NOT_CONTEXT_SCOPED' }));
});

test('what is registered for a class takes its place, as with any other', () => {
  @ContextScoped()
  class Mail {
    send(): string {
      return 'sent';
    }
  }
  const fake = { send: () => 'faked' };
  container.register(Mail, { useValue: fake });
  expect(container.resolve(Mail)).toBe(fake);
});

describe('a context-scoped class is given', () => {
  class Config {
    readonly url = 'db://';
  }

  test('singletons, values under tokens, lists, what is optional, and others like it', () => {
    @ContextScoped()
    class Session {
      readonly unit = currentUnit()?.id;
    }
    @ContextScoped()
    class Repo {
      constructor(
        readonly service: Service,
        readonly session: Session,
        @inject('Url') readonly url: string,
        @injectAll('Plugin') readonly plugins: string[],
        @inject('Missing', { isOptional: true }) readonly missing?: object,
      ) {}
    }
    container.register('Url', { useValue: 'db://' });
    container.register('Plugin', { useValue: 'a' });
    container.register('Plugin', { useValue: 'b' });
    const repo = container.resolve(Repo);
    inUnit(() => {
      expect(repo.service).toBe(container.resolve(Service));
      expect(repo.session).toBe(container.resolve(Session));
      expect(repo.session.unit).toBe(currentUnit()?.id);
      expect(repo.url).toBe('db://');
      expect(repo.plugins).toEqual(['a', 'b']);
      expect(repo.missing).toBeUndefined();
    });
  });

  test('what is transient anew', () => {
    @ContextScoped()
    class Repo {
      readonly id = {};
      constructor(readonly config: Config) {}
    }
    const repo = container.resolve(Repo);
    const configs = [1, 2].map(() => inUnit(() => [repo.config, repo.config]));
    expect(configs[0]?.[0]).toBe(configs[0]?.[1]);
    expect(configs[0]?.[0]).toBeInstanceOf(Config);
    expect(configs[0]?.[0]).not.toBe(configs[1]?.[0]);
  });

  test('what is behind delay, which may lead back to it', () => {
    @ContextScoped()
    class First {
      constructor(@inject(delay(() => Second)) readonly second: { name(): string }) {}
      greet(): string {
        return `first and ${this.second.name()}`;
      }
    }
    @ContextScoped()
    class Second {
      private readonly own = 'second';
      constructor(readonly first: First) {}
      name(): string {
        return this.own;
      }
    }
    expect(inUnit(() => container.resolve(First).greet())).toBe('first and second');
    expect(inUnit(() => container.resolve(Second).first.greet())).toBe('first and second');
  });
});

test('a class that nobody has marked is none of ours', () => {
  class Plain {}
  expect(container.resolve(Plain)).not.toBe(container.resolve(Plain));
});

test('an error of ours keeps its code through the constructors of tsyringe', () => {
  @injectable()
  class Eager {
    readonly count: number;
    constructor(counter: Counter) {
      this.count = counter.add();
    }
  }
  @injectable()
  class Outer {
    constructor(readonly eager: Eager) {}
  }
  const error = thrownBy(() => container.resolve(Outer));
  expect(error).toBeInstanceOf(ContextError);
  expect(error).toMatchObject({ code: 'ERR_NO_ACTIVE_CONTEXT' });
  expect(inUnit(() => container.resolve(Outer).eager.count)).toBe(1);
});
