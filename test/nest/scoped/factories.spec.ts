// What a factory makes is per unit of work, like the instances of a class.

import { Inject, Injectable } from '@nestjs/common';
import {
  ContextModule,
  ContextScoped,
  currentUnit,
  RequestContext,
  type ScopedFactory,
  scopedProvider,
} from 'nestjs-contextvars';
import { thrownBy, withCode } from '../../core/support/outcome.js';
import { closeApps, got, inUnit, moduleOf, startTesting } from './support/application.js';

afterEach(closeApps);

const LOADERS = Symbol('loaders');

@Injectable()
class Database {
  readonly name = 'orders';
}

@Injectable()
class Orders {
  constructor(@Inject(LOADERS) readonly loaders: Record<string, unknown>) {}
}

/** An application with what `factory` makes under LOADERS. */
async function startWith(factory: Omit<ScopedFactory, 'provide'>) {
  const app = await startTesting({
    providers: [Database, Orders, scopedProvider({ provide: LOADERS, ...factory })],
  });
  return { app, loaders: app.get(Orders).loaders };
}

describe('a factory', () => {
  it('is called with what it injects, when its product is first used, once in each unit of work', async () => {
    const useFactory = jest.fn((database: Database, context: RequestContext) => ({
      database,
      unit: context.id,
      cache: new Map(),
    }));
    const { app, loaders } = await startWith({ useFactory, inject: [Database, RequestContext] });
    for (let unit = 1; unit <= 2; unit++) {
      inUnit(() => {
        expect(useFactory).toHaveBeenCalledTimes(unit - 1);
        expect(loaders.unit).toBe(currentUnit()?.id);
        expect(loaders.cache).toBe(loaders.cache);
        expect(loaders.database).toBe(app.get(Database));
      });
    }
    expect(useFactory).toHaveBeenCalledTimes(2);
    expect(useFactory.mock.calls[0]).toHaveLength(2);
  });

  it('needs no inject where it takes nothing', async () => {
    const useFactory = jest.fn((...args: unknown[]) => ({ args }));
    const { loaders } = await startWith({ useFactory });
    expect(inUnit(() => loaders.args)).toEqual([]);
  });

  it('gets undefined for an optional dependency that nobody provides, at its place', async () => {
    const { app, loaders } = await startWith({
      useFactory: (...args: unknown[]) => ({ args }),
      inject: [
        { token: 'absent', optional: true },
        { token: Database, optional: true },
        { token: Database, optional: false },
      ],
    });
    const database = app.get(Database);
    expect(inUnit(() => loaders.args)).toEqual([undefined, database, database]);
  });

  it('can give a plain object: a value for the unit of work, which it can be changed in', async () => {
    const { loaders } = await startWith({ useFactory: () => ({ count: 0 }) });
    const count = () => {
      loaders.count = (loaders.count as number) + 1;
      return loaders.count;
    };
    expect(inUnit(() => [count(), count()])).toEqual([1, 2]);
    expect(inUnit(() => [count()])).toEqual([1]);
  });

  it('can give an array, a Map, a Date and an instance of a class with private members', async () => {
    class Secretive {
      #secret = 'hidden';
      reveal = () => this.#secret;
      get secret() {
        return this.#secret;
      }
    }
    const products = [
      [() => ['a', 'b'], (array: string[]) => array.map((item) => item + array.length), ['a2', 'b2']],
      [() => new Map([['a', 1]]), (map: Map<string, number>) => [map.get('a'), map.size], [1, 1]],
      [() => new Date(0), (date: Date) => date.toISOString(), '1970-01-01T00:00:00.000Z'],
      [() => new Secretive(), (it: Secretive) => [it.secret, it.reveal()], ['hidden', 'hidden']],
    ] as const;
    for (const [useFactory, read, expected] of products) {
      const { loaders } = await startWith({ useFactory });
      expect(inUnit(() => (read as (it: unknown) => unknown)(loaders))).toEqual(expected);
    }
  });

  it('that gives functions says callable, and they are called through what is injected', async () => {
    const useFactory = () => {
      const id = currentUnit()?.id;
      return function price(this: unknown, ...args: number[]) {
        return { id, args, receiver: this };
      };
    };
    const { app, loaders } = await startWith({ useFactory, callable: true });
    const price = loaders as unknown as (...args: number[]) => { id: string };
    expect(typeof price).toBe('function');
    for (let unit = 0; unit < 2; unit++)
      inUnit(() => expect(price(1, 2)).toEqual({ id: currentUnit()?.id, args: [1, 2], receiver: undefined }));
    inUnit(() => {
      const receiver = { price };
      expect(receiver.price().id).toBe(currentUnit()?.id);
      expect(price.name).toBe('price');
      expect(Reflect.apply(got<typeof price>(app, LOADERS), receiver, [3])).toMatchObject({
        args: [3],
        receiver,
      });
    });
  });

  it('can use the instances that it injects, which are made before its own', async () => {
    @ContextScoped()
    class Caller {
      readonly name = `caller of ${currentUnit()?.id}`;
    }
    const app = await startTesting({
      imports: [ContextModule.forFeature([Caller])],
      providers: [
        scopedProvider({
          provide: LOADERS,
          useFactory: (caller: Caller) => ({ greeting: `hello ${caller.name}` }),
          inject: [Caller],
        }),
      ],
    });
    inUnit(() =>
      expect(got<{ greeting: string }>(app, LOADERS).greeting).toBe(`hello caller of ${currentUnit()?.id}`),
    );
  });

  it.each([
    ['a string', 'text'],
    ['a number', 0],
    ['undefined', undefined],
    ['null', null],
  ])('that gives %s fails where it is used, by name', async (_, product) => {
    const { loaders } = await startWith({ useFactory: (() => product) as never });
    inUnit(() => {
      expect(() => loaders.anything).toThrow(withCode('ERR_INVALID_INSTANCE'));
      expect(String((thrownBy(() => loaders.anything) as Error).message)).toContain("'loaders'");
    });
  });

  it('that throws is called again at the next use, in the same unit of work, and its error passes as it is', async () => {
    const failure = new Error('no connection yet');
    const useFactory = jest
      .fn<object, []>()
      .mockImplementationOnce(() => {
        throw failure;
      })
      .mockImplementation(() => ({ ready: true }));
    const { loaders } = await startWith({ useFactory });
    inUnit(() => {
      expect(thrownBy(() => loaders.ready)).toBe(failure);
      expect(loaders.ready).toBe(true);
      expect(loaders.ready).toBe(true);
    });
    expect(useFactory).toHaveBeenCalledTimes(2);
  });
});

describe('a factory that injects what Nest makes asynchronously', () => {
  const Remote = moduleOf('Remote', {
    providers: [
      { provide: 'settings', useFactory: async () => ({ url: 'remote' }) },
      { provide: 'promised', useValue: Promise.resolve({ url: 'promised' }) },
    ],
    exports: ['settings', 'promised'],
  });

  it.each(['settings', 'promised'])('gets what its promise of %s gives', async (token) => {
    const app = await startTesting({
      imports: [Remote],
      providers: [
        scopedProvider({
          provide: LOADERS,
          useFactory: (settings: { url: string }) => ({ url: settings.url }),
          inject: [token],
        }),
      ],
    });
    const url = token === 'settings' ? 'remote' : 'promised';
    expect(inUnit(() => got<{ url: string }>(app, LOADERS).url)).toBe(url);
  });
});
