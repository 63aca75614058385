// @LoadScoped waits for asynchronous factories before a method runs.

import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ContextScoped, currentUnit, LoadScoped, scopedProvider } from 'nestjs-contextvars';
import { thrownBy, withCode } from '../../core/support/outcome.js';
import { closeApps, inUnit, startTesting } from './support/application.js';

afterEach(closeApps);

const CONNECTION = Symbol('connection');
interface Connection {
  readonly unit: string | undefined;
  query(sql: string): string;
}

const connect = jest.fn(async (): Promise<Connection> => {
  const unit = currentUnit()?.id;
  await new Promise(setImmediate);
  return { unit, query: (sql) => `${sql} in ${unit}` };
});
const connection = scopedProvider({ provide: CONNECTION, useFactory: connect });
afterEach(() => connect.mockClear());

@Injectable()
class Orders {
  constructor(@Inject(CONNECTION) private readonly connection: Connection) {}

  @LoadScoped(CONNECTION)
  list(what: string): string {
    return this.connection.query(what);
  }

  unloaded(): string {
    return this.connection.query('unloaded');
  }
}

describe('a method of a provider', () => {
  it('gives a promise, and finds the instance of its unit of work, made once', async () => {
    const orders = (await startTesting({ providers: [Orders, connection] })).get(Orders);
    for (let unit = 1; unit <= 2; unit++) {
      await inUnit(async () => {
        const id = currentUnit()?.id;
        const both = Promise.all([orders.list('a'), orders.list('b')]);
        expect(await both).toEqual([`a in ${id}`, `b in ${id}`]);
        expect(orders.unloaded()).toBe(`unloaded in ${id}`);
        expect(connect).toHaveBeenCalledTimes(unit);
      });
    }
  });

  it('without it fails until something in the same unit of work has waited', async () => {
    const orders = (await startTesting({ providers: [Orders, connection] })).get(Orders);
    await inUnit(async () => {
      expect(() => orders.unloaded()).toThrow(withCode('ERR_INSTANCE_NOT_LOADED'));
      expect(String(thrownBy(() => orders.unloaded()))).toMatch(/'connection'.*@LoadScoped/);
      await orders.list('loaded');
      expect(orders.unloaded()).toContain('unloaded in');
    });
    inUnit(() => expect(() => orders.unloaded()).toThrow(withCode('ERR_INSTANCE_NOT_LOADED')));
  });

  it('rejects with what the factory rejects with, and the next call tries again', async () => {
    const failure = new Error('no route to host');
    connect.mockRejectedValueOnce(failure);
    const orders = (await startTesting({ providers: [Orders, connection] })).get(Orders);
    await inUnit(async () => {
      await expect(orders.list('a')).rejects.toBe(failure);
      expect(await orders.list('a')).toContain('a in');
      expect(connect).toHaveBeenCalledTimes(2);
    });
  });

  it('rejects outside any unit of work', async () => {
    const orders = (await startTesting({ providers: [Orders, connection] })).get(Orders);
    await expect(orders.list('a')).rejects.toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
  });

  it('keeps its name, its length, its metadata and its arguments', async () => {
    const Marked: MethodDecorator = (_target, _key, descriptor) => {
      Reflect.defineMetadata('marked', 'yes', descriptor.value as never);
    };
    class Marks {
      @Marked @LoadScoped(CONNECTION) above(one: number, two: number): number[] {
        return [one, two];
      }
      @LoadScoped(CONNECTION) @Marked below(one: number): number[] {
        return [one];
      }
    }
    const app = await startTesting({ providers: [Marks, connection] });
    const { above, below } = Marks.prototype;
    expect([above.name, above.length, below.name, below.length]).toEqual(['above', 2, 'below', 1]);
    expect([above, below].map((method) => Reflect.getMetadata('marked', method))).toEqual(['yes', 'yes']);
    expect(await inUnit(() => app.get(Marks).above(1, 2))).toEqual([1, 2]);
  });
});

describe('a class', () => {
  it('has it on each of its own methods, and on nothing else', async () => {
    @Injectable()
    @LoadScoped(CONNECTION)
    class Reports {
      readonly field = () => 'a field';
      constructor(@Inject(CONNECTION) readonly connection: Connection) {}
      static make(): string {
        return 'static';
      }
      get accessor(): string {
        return 'an accessor';
      }
      first(): string {
        return this.connection.query('first');
      }
      async second(): Promise<string> {
        return this.connection.query('second');
      }
      *[Symbol.iterator](): Iterator<string> {
        yield 'an iterator';
      }
    }
    const reports = (await startTesting({ providers: [Reports, connection] })).get(Reports);
    await inUnit(async () => {
      const id = currentUnit()?.id;
      expect(await Promise.all([reports.first(), reports.second()])).toEqual([
        `first in ${id}`,
        `second in ${id}`,
      ]);
    });
    expect([reports.field(), reports.accessor, Reports.make()]).toEqual(['a field', 'an accessor', 'static']);
    expect([...reports]).toEqual(['an iterator']);
    expect(Object.getOwnPropertyNames(Reports.prototype)).toEqual([
      'constructor',
      'accessor',
      'first',
      'second',
    ]);
  });

  it('leaves what Nest calls at start-up and shutdown as it is: there is no unit of work', async () => {
    const called: string[] = [];
    @Injectable()
    @LoadScoped(CONNECTION)
    class Reports implements OnModuleInit {
      onModuleInit(): void {
        called.push('init');
      }
      onApplicationBootstrap(): void {
        called.push('bootstrap');
      }
      onModuleDestroy(): void {
        called.push('destroy');
      }
      beforeApplicationShutdown(): void {
        called.push('before shutdown');
      }
      onApplicationShutdown(): void {
        called.push('shutdown');
      }
    }
    await startTesting({ providers: [Reports, connection] });
    await closeApps();
    expect(called).toEqual(['init', 'bootstrap', 'destroy', 'before shutdown', 'shutdown']);
    expect(connect).not.toHaveBeenCalled();
  });

  it('that is context-scoped itself waits for what it depends on', async () => {
    @ContextScoped()
    class Session {
      constructor(@Inject(CONNECTION) private readonly connection: Connection) {}
      @LoadScoped(CONNECTION)
      read(): string {
        return this.connection.query('read');
      }
    }
    const session = (await startTesting({ providers: [scopedProvider(Session), connection] })).get(Session);
    for (let unit = 0; unit < 2; unit++)
      await inUnit(async () => expect(await session.read()).toBe(`read in ${currentUnit()?.id}`));
  });

  it('of which a context-scoped factory makes instances waits for what its module has', async () => {
    class Session {
      constructor(private readonly connection: Connection) {}
      @LoadScoped(CONNECTION)
      read(): string {
        return this.connection.query('read');
      }
    }
    const useFactory = (connection: Connection) => new Session(connection);
    const sessions = scopedProvider({ provide: Session, useFactory, inject: [CONNECTION] });
    const session = (await startTesting({ providers: [sessions, connection] })).get(Session);
    await inUnit(async () => expect(await session.read()).toBe(`read in ${currentUnit()?.id}`));
  });
});
