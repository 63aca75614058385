// Factories under tokens: of each an instance per unit of work; asynchronous ones are loaded before.

import { container, inject, injectable, singleton } from 'tsyringe';
import { ContextScoped, contextScopedFactory, loadScoped } from '../../src/container/index.js';
import { currentUnit, runUnitOfWork, ScopedValue } from '../../src/core/index.js';
import { codeOf, thrownBy, withCode } from '../core/support/outcome.js';

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);
const role = new ScopedValue<string>('role');

interface Connection {
  readonly url: string;
  readonly unit: string | undefined;
}

class Config {
  readonly url = 'db://';
}

@singleton()
class Service {
  constructor(@inject('Connection') readonly connection: Connection) {}
}

beforeEach(() => container.clearInstances());

describe('contextScopedFactory', () => {
  container.register('Connection', {
    useFactory: contextScopedFactory((c) => ({ url: c.resolve(Config).url, unit: currentUnit()?.id })),
  });

  test('makes one for each unit of work, for a token that a singleton holds', () => {
    const { connection } = container.resolve(Service);
    expect(connection).toBe(container.resolve('Connection'));
    for (let i = 0; i < 2; i++) {
      inUnit(() => expect({ ...connection }).toEqual({ url: 'db://', unit: currentUnit()?.id }));
    }
  });

  test('calls the factory on first use, once for each unit of work, at its base', () => {
    const factory = jest.fn(() => ({ role: role.get('nobody') }));
    container.register('Counted', { useFactory: contextScopedFactory(factory) });
    inUnit(() => {
      role.bind('clerk');
      const held = container.resolve<{ role: string }>('Counted');
      expect(factory).not.toHaveBeenCalled();
      expect(role.run('admin', () => held.role)).toBe('clerk');
      expect(held.role).toBe('clerk');
      expect(factory).toHaveBeenCalledTimes(1);
    });
  });

  test('tries a factory again that has failed, and gives its error as it is', () => {
    const error = new Error('refused');
    const factory = jest.fn(() => ({ ok: true }));
    factory.mockImplementationOnce(() => {
      throw error;
    });
    container.register('Flaky', { useFactory: contextScopedFactory(factory) });
    const flaky = container.resolve<{ ok: boolean }>('Flaky');
    inUnit(() => {
      expect(thrownBy(() => flaky.ok)).toBe(error);
      expect(flaky.ok).toBe(true);
      expect(flaky.ok).toBe(true);
    });
    expect(factory).toHaveBeenCalledTimes(2);
  });

  test('gives what is called as a function', () => {
    const useFactory = contextScopedFactory(() => (n: number) => n + 1, { callable: true });
    container.register('Increment', { useFactory });
    expect(inUnit(() => container.resolve<(n: number) => number>('Increment')(1))).toBe(2);
  });

  test('knows the class of what it makes, if that is given', () => {
    container.register('Config', { useFactory: contextScopedFactory(() => new Config(), { type: Config }) });
    expect(container.resolve('Config')).toBeInstanceOf(Config);
  });

  test.each([
    ["'pool'", contextScopedFactory(() => ({}), { name: 'pool' })],
    [
      "'connect'",
      contextScopedFactory(function connect() {
        return {};
      }),
    ],
    ["'a factory'", contextScopedFactory(() => ({}))],
  ])('names %s in messages', (name, useFactory) => {
    container.register('Named', { useFactory });
    expect(() => container.resolve<Connection>('Named').url).toThrow(
      `Context-scoped ${name} is used outside`,
    );
  });

  test('is one of its own each time it is called', () => {
    const factory = () => ({});
    const [first, second] = [contextScopedFactory(factory), contextScopedFactory(factory)];
    expect(first(container)).toBe(first(container));
    expect(first(container)).not.toBe(second(container));
  });

  test('takes a function, a name that is not empty and a class', () => {
    expect(() => contextScopedFactory('x' as never)).toThrow(TypeError);
    expect(() => contextScopedFactory(() => ({}), { name: '' })).toThrow(TypeError);
    expect(() => contextScopedFactory(() => ({}), { type: {} as never })).toThrow(TypeError);
    expect(() => contextScopedFactory(() => ({}), 'name' as never)).toThrow(TypeError);
  });
});

describe('an asynchronous factory', () => {
  const connect = jest.fn(async () => {
    await Promise.resolve();
    return { url: 'remote', unit: currentUnit()?.id };
  });

  @ContextScoped()
  class Repo {
    readonly url: string;
    constructor(@inject('Remote') remote: Connection) {
      this.url = remote.url;
    }
  }
  @injectable()
  class Middle {
    constructor(
      readonly repo: Repo,
      @inject('Remote') readonly remote: Connection,
    ) {}
  }
  @ContextScoped()
  class Outer {
    readonly url: string;
    constructor(middle: Middle) {
      this.url = `${middle.remote.url} ${middle.repo.url}`;
    }
  }

  beforeAll(() =>
    container.register('Remote', { useFactory: contextScopedFactory(connect, { name: 'Remote' }) }),
  );
  beforeEach(() => connect.mockClear());

  test('is awaited by loadScoped, and what it made can then be used like any other', async () => {
    const remote = container.resolve<Connection>('Remote');
    await inUnit(async () => {
      await loadScoped(remote);
      expect({ ...remote }).toEqual({ url: 'remote', unit: currentUnit()?.id });
    });
  });

  test('refuses to be used without', () => {
    inUnit(() => {
      expect(() => container.resolve<Connection>('Remote').url).toThrow(withCode('ERR_INSTANCE_NOT_LOADED'));
      expect(() => container.resolve(Repo).url).toThrow(withCode('ERR_INSTANCE_NOT_LOADED'));
      expect(() => container.resolve(Outer).url).toThrow(withCode('ERR_INSTANCE_NOT_LOADED'));
    });
  });

  test.each<[string, () => object | string]>([
    ['the token', () => 'Remote'],
    ['the class that depends on it', () => Repo],
    ['one that depends on it through others', () => Outer],
    ['what a container gave for that', () => container.resolve(Outer)],
  ])('is loaded by %s', async (_, what) => {
    await inUnit(async () => {
      await loadScoped(what());
      expect(container.resolve(Outer).url).toBe('remote remote');
      expect(connect).toHaveBeenCalledTimes(1);
    });
  });

  test('passes its error through loadScoped, and is tried again', async () => {
    const error = new Error('refused');
    connect.mockRejectedValueOnce(error);
    await inUnit(async () => {
      await expect(loadScoped('Remote')).rejects.toBe(error);
      await loadScoped('Remote');
      expect(container.resolve<Connection>('Remote').url).toBe('remote');
    });
  });

  test('may itself load others', async () => {
    const useFactory = contextScopedFactory(async (c) => {
      const remote = c.resolve<Connection>('Remote');
      await loadScoped(remote);
      return { url: `more ${remote.url}` };
    });
    container.register('More', { useFactory });
    const url = inUnit(async () => {
      await loadScoped('More');
      return container.resolve<Connection>('More').url;
    });
    await expect(url).resolves.toBe('more remote');
  });
});

describe('loadScoped', () => {
  test('loads several, and nothing for nothing', async () => {
    const [first, second] = [jest.fn(async () => ({})), jest.fn(async () => ({}))];
    const tokens = [Symbol('first'), Symbol('second')] as const;
    container.register(tokens[0], { useFactory: contextScopedFactory(first) });
    container.register(tokens[1], { useFactory: contextScopedFactory(second) });
    await inUnit(async () => {
      await loadScoped();
      await loadScoped(...tokens);
    });
    expect([first, second].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  test('outside any unit of work is refused', async () => {
    expect(await codeOf(() => loadScoped('Remote'))).toBe('ERR_NO_ACTIVE_CONTEXT');
  });

  test('says what is not registered, and what is not context-scoped', async () => {
    class Plain {}
    container.register('plain', { useValue: 'text' });
    const codes = inUnit(() =>
      Promise.all(
        ['nowhere', Symbol('nowhere'), 'plain', Plain, Service, new Plain(), {}].map((one) =>
          codeOf(() => loadScoped(one)),
        ),
      ),
    );
    expect(await codes).toEqual([
      'ERR_NOT_REGISTERED',
      'ERR_NOT_REGISTERED',
      ...Array.from({ length: 5 }, () => 'ERR_NOT_CONTEXT_SCOPED'),
    ]);
  });

  test.each([undefined, null, 1])('takes no %s', async (wrong) => {
    await expect(inUnit(() => loadScoped(wrong as never))).rejects.toThrow(TypeError);
  });
});
