// What is wrong with the wiring: found as early as it can be, with the path to it. What users throw passes as it is.

import {
  container,
  type DependencyContainer,
  delay,
  inject,
  injectAll,
  injectable,
  singleton,
} from 'tsyringe';
import { ContextScoped, contextScopedFactory, loadScoped } from '../../src/container/index.js';
import { ContextError, runUnitOfWork } from '../../src/core/index.js';
import { thrownBy, withCode } from '../core/support/outcome.js';

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);
const messageOf = (error: unknown): string => (error as Error).message;

type Wide = new (...args: any[]) => any;

/** A class called `name` that takes what `tokens` say. */
function made(name: string, tokens: readonly unknown[], ...decorators: ((type: any) => void)[]): Wide {
  const type = {
    [name]: class {
      readonly self = this;
      readonly taken: unknown[];
      constructor(...taken: unknown[]) {
        this.taken = taken;
      }
    },
  }[name] as Wide;
  for (const [i, token] of tokens.entries()) inject(token as never)(type, undefined, i);
  for (const decorate of decorators) decorate(type);
  return type;
}

describe('a dependency on itself', () => {
  const pathOf = (fn: () => unknown): string => {
    const error = thrownBy(fn);
    expect(error).toEqual(withCode('ERR_DEPENDENCY_CYCLE'));
    return /itself: (.*?);/.exec(messageOf(error))?.[1] ?? '';
  };

  test('is found before anything is made, outside any unit of work', () => {
    const A = made('A', ['B'], ContextScoped());
    container.register('B', { useClass: made('B', [A], ContextScoped()) });
    expect(pathOf(() => container.resolve(A))).toBe('A -> B -> A');
    // The same a second time: nothing is left of the first.
    expect(pathOf(() => container.resolve(A))).toBe('A -> B -> A');
  });

  test('is found through singletons, plain classes, tokens for tokens and lists', () => {
    const A = made('A', ['to B'], ContextScoped());
    const D = made('D', [A], injectable());
    const C = made('C', ['no D', D], singleton());
    const B = made('B', [], injectable());
    injectAll('C')(B, undefined, 0);
    injectable()(B);
    container.register('to B', { useToken: 'B, at last' });
    container.register('B, at last', { useClass: B });
    container.register('C', { useValue: 'not this one' });
    container.registerSingleton('C', C);
    container.register('no D', { useValue: 'nor this' });
    expect(pathOf(() => container.resolve(A))).toBe('A -> B -> C -> D -> A');
  });

  test('has the code and the path where a consumer of it is resolved, too', () => {
    const A = made('A', ['A for B'], ContextScoped());
    container.register('A for B', { useClass: made('B', [A], injectable()) });
    const Service = made('Service', [A], singleton());
    const App = made('App', [Service], injectable());
    expect(pathOf(() => container.resolve(App))).toBe('A -> B -> A');
  });

  test('is told from the first one that is marked, without what leads to it', () => {
    const A = made('A', ['plain'], ContextScoped());
    const Plain = made('Plain', ['marked'], injectable());
    const Marked = made('Marked', [Plain], ContextScoped());
    container.register('plain', { useToken: Plain });
    container.register('marked', { useToken: Marked });
    expect(pathOf(() => container.resolve(A))).toBe('Marked -> Plain -> Marked');
  });

  test('is found among those that are not marked, which tsyringe would run into', () => {
    const A = made('A', ['first plain'], ContextScoped());
    const First = made('First', ['second plain'], injectable());
    container.register('first plain', { useClass: First });
    container.register('second plain', { useClass: made('Second', [First], injectable()) });
    expect(pathOf(() => container.resolve(A))).toBe('First -> Second -> First');
  });

  test('of one class is found', () => {
    const A = made('A', ['A itself'], ContextScoped());
    container.register('A itself', { useToken: A });
    expect(pathOf(() => container.resolve(A))).toBe('A -> A');
  });

  test('is none where delay is on the way, or a value that takes the place of a class', () => {
    const A = made('A', ['B with delay'], ContextScoped());
    const B = made('B', [delay(() => A)], ContextScoped());
    container.register('B with delay', { useToken: B });
    inUnit(() => expect(container.resolve(A).taken[0]).toBe(container.resolve(B)));

    const child = container.createChildContainer();
    const C = made('C', [B], ContextScoped());
    child.register(B, { useValue: 'a fake' });
    inUnit(() => expect(child.resolve(C).taken).toEqual(['a fake']));
  });

  test('that only running code shows is found when it runs', () => {
    const first = contextScopedFactory((c) => ({ of: c.resolve<any>('second factory').of }), {
      name: 'first',
    });
    const second = contextScopedFactory((c) => ({ of: c.resolve<any>('first factory').of }), {
      name: 'second',
    });
    container.register('first factory', { useFactory: first });
    container.register('second factory', { useFactory: second });
    expect(pathOf(() => inUnit(() => container.resolve<any>('first factory').of))).toBe(
      'first -> second -> first',
    );
  });
});

describe('an unknown dependency', () => {
  const found = (type: unknown): ContextError => {
    const error = inUnit(() => thrownBy(() => container.resolve<any>(type as Wide).self));
    expect(error).toEqual(withCode('ERR_UNKNOWN_DEPENDENCY'));
    return error as ContextError;
  };

  test('is told with the path to it, and with the error of tsyringe as its cause', () => {
    const C = made('C', ['nowhere'], injectable());
    const B = made('B', [C], singleton());
    const A = made('A', [B], ContextScoped());
    const error = found(A);
    expect(error.message).toBe(
      "Context-scoped 'A' needs 'nowhere', which tsyringe does not know: A -> B -> C -> nowhere; " +
        'register that token in the container, or mark the parameter as optional.',
    );
    expect(error.cause).toBeInstanceOf(Error);
    expect(messageOf(error.cause)).toMatch(/unregistered dependency token: "nowhere"$/);
  });

  test('is found again each time, until it is registered', () => {
    const A = made('A', ['late'], ContextScoped());
    expect(found(A).message).toMatch(/A -> late;/);
    expect(found(A).message).toMatch(/A -> late;/);
    container.register('late', { useValue: 'here' });
    expect(inUnit(() => container.resolve(A).taken)).toEqual(['here']);
  });

  test('that is a symbol is told too', () => {
    expect(found(made('A', [Symbol('url')], ContextScoped())).message).toMatch(/A -> Symbol\(url\);/);
  });

  test.each([
    ['a primitive', String, 'String'],
    ['an interface', Object, 'Object'],
    [
      'a class without @injectable()',
      class Plain {
        constructor(readonly needed: object) {}
      },
      'Plain',
    ],
  ])('that is %s is told with its name', (_, type, name) => {
    expect(found(made('A', [made('B', [type], injectable())], ContextScoped())).message).toMatch(
      `A -> B -> ${name}; name a token with @inject() at the parameter, or put @injectable() on the class.`,
    );
  });

  test('that is undefined, as in a circle of imports, is told with the remedy', () => {
    const B = made('B', [], injectable());
    Reflect.defineMetadata('design:paramtypes', [undefined], B);
    injectable()(B);
    expect(found(made('A', [B], ContextScoped())).message).toMatch(
      /A -> B -> undefined; .*use @inject\(delay\(/,
    );
  });

  test.each<[string, (type: Wide) => void]>([
    ['nothing is known of its parameters', () => {}],
    ['one of them is undefined', (type) => Reflect.defineMetadata('design:paramtypes', [undefined], type)],
    ['only another one is known', (type) => inject('x')(type, undefined, 1)],
  ])('is found where the class is resolved, if %s', (_, note) => {
    class A {
      constructor(readonly first: unknown) {}
    }
    note(A);
    ContextScoped()(A);
    const error = thrownBy(() => container.resolve(A));
    expect(error).toEqual(withCode('ERR_UNKNOWN_DEPENDENCY'));
    expect(messageOf(error)).toMatch(
      /^Context-scoped 'A' needs 'parameter #0', .*: A -> parameter #0; .*@inject\(\)/,
    );
  });

  test('of a factory is told with the path, too', () => {
    const B = made('B', ['nothing here'], injectable());
    const useFactory = contextScopedFactory((c) => c.resolve(B), { name: 'Connection' });
    container.register('Connection', { useFactory });
    expect(found('Connection').message).toMatch(
      /^Context-scoped 'Connection' .*: Connection -> B -> nothing here; /,
    );
  });

  test('of an asynchronous factory is told by loadScoped', async () => {
    const useFactory = contextScopedFactory(async (c) => c.resolve<object>('missing'), { name: 'Later' });
    container.register('Later', { useFactory });
    const loaded = inUnit(() => loadScoped('Later'));
    await expect(loaded).rejects.toEqual(withCode('ERR_UNKNOWN_DEPENDENCY'));
    await expect(loaded).rejects.toThrow(/^Context-scoped 'Later' .*: Later -> missing; /);
  });

  test('of one that is used in a constructor is told of that one', () => {
    const B = made('B', ['unknown to B'], ContextScoped());
    @ContextScoped()
    class A {
      readonly self = this;
      constructor(@inject(B) b: { self: unknown }) {
        void b.self;
      }
    }
    expect(found(A).message).toMatch(/^Context-scoped 'B' .*: B -> unknown to B; /);
  });
});

describe('what users throw', () => {
  const error = new RangeError('of the user');
  const fail = (): never => {
    throw error;
  };
  /** A class that fails when it is made. */
  const failing = (what: unknown, ...decorators: ((type: any) => void)[]): Wide => {
    class Failing {
      constructor() {
        throw what;
      }
    }
    for (const decorate of decorators) decorate(Failing);
    return Failing;
  };

  test.each<[string, () => Wide]>([
    ['the constructor', () => failing(error, ContextScoped())],
    ['the constructor of a dependency', () => made('A', [failing(error)], ContextScoped())],
    [
      'that of one further down',
      () =>
        made('A', [made('B', [made('C', [failing(error)], injectable())], injectable())], ContextScoped()),
    ],
    ['that of a singleton', () => made('A', [failing(error, singleton())], ContextScoped())],
    [
      'a factory of a dependency',
      () => {
        container.register('failing', { useFactory: fail });
        return made('A', [made('B', ['failing'], injectable())], ContextScoped());
      },
    ],
    [
      'one of a list',
      () => {
        container.register('list', { useFactory: fail });
        const B = made('B', []);
        injectAll('list')(B, undefined, 0);
        injectable()(B);
        return made('A', [B], ContextScoped());
      },
    ],
  ])('in %s arrives as it is', (_, type) => {
    const A = type();
    inUnit(() => {
      expect(thrownBy(() => container.resolve(A).self)).toBe(error);
      expect(thrownBy(() => container.resolve(A).self)).toBe(error);
    });
  });

  test.each(['text', undefined, null, { code: 1 }])('may be anything: %p', (what) => {
    const A = made('A', [made('B', [failing(what)], injectable())], ContextScoped());
    inUnit(() => expect(thrownBy(() => container.resolve(A).self)).toBe(what));
  });

  test.each(['text', error])('and catch themselves is not seen any more: %p', (caught) => {
    const useFactory = (c: DependencyContainer): object => {
      try {
        return c.resolve(made('B', [failing(caught)], injectable()));
      } catch {
        return { name: 'instead' };
      }
    };
    container.register('careful', { useFactory });
    const later = new TypeError('later');
    const A = made('A', ['careful', failing(later)], ContextScoped());
    inUnit(() => expect(thrownBy(() => container.resolve(A).self)).toBe(later));
  });

  test('outside our classes is for tsyringe to tell', () => {
    const Consumer = made('Consumer', [failing(error)], injectable());
    expect(() => container.resolve(Consumer)).toThrow(/^Cannot inject the dependency/);
  });
});
