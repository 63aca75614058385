// What @LoadScoped can name, and what a test has put in its place.

import { Inject, Injectable, type InjectionToken } from '@nestjs/common';
import { ContextScoped, LoadScoped, scopedProvider } from 'nestjs-contextvars';
import { closeApps, inUnit, moduleOf, startTesting, startWithoutContext } from './support/application.js';

afterEach(closeApps);

const CONNECTION = Symbol('connection');
interface Connection {
  query(sql: string): string;
}

const connect = jest.fn(async (): Promise<Connection> => ({ query: (sql) => sql }));
const connection = scopedProvider({ provide: CONNECTION, useFactory: connect });
afterEach(() => connect.mockClear());

@Injectable()
class Orders {
  constructor(@Inject(CONNECTION) private readonly connection: Connection) {}

  @LoadScoped(CONNECTION)
  list(what: string): string {
    return this.connection.query(what);
  }
}

describe('what it is given', () => {
  @Injectable()
  class Plain {}
  class NeverMade {}

  const loading = (...tokens: InjectionToken[]) => {
    @Injectable()
    class Consumer {
      @LoadScoped(...tokens)
      run(): string {
        return 'ran';
      }
    }
    return Consumer;
  };

  it.each<[string, InjectionToken, string]>([
    ['a token that nobody provides', 'nothing', 'nothing'],
    ['a class that nobody provides', NeverMade, 'NeverMade'],
    ['a singleton', Plain, 'Plain'],
    ['a value', 'value', 'value'],
    ['something that the module does not import', CONNECTION, 'connection'],
  ])('%s is refused at the call, by name and consumer', async (_, token, name) => {
    const Consumer = loading(token);
    const Elsewhere = moduleOf('Elsewhere', { providers: [connection], exports: [CONNECTION] });
    const Shop = moduleOf('Shop', { providers: [Consumer, Plain, { provide: 'value', useValue: {} }] });
    const app = await startTesting({ imports: [Elsewhere, Shop] });
    const refused = inUnit(() => app.get(Consumer, { strict: false }).run());
    await expect(refused).rejects.toMatchObject({
      name: 'ContextError',
      code: 'ERR_NOT_CONTEXT_SCOPED',
      message: expect.stringContaining(`'${name}' in @LoadScoped of Consumer is nothing context-scoped`),
    });
  });

  it('a context-scoped class without an asynchronous factory, and one behind an alias, are fine', async () => {
    @ContextScoped()
    class Caller {}
    const Consumer = loading(Caller, 'alias', CONNECTION);
    const app = await startTesting({
      providers: [
        Consumer,
        scopedProvider(Caller),
        { provide: 'alias', useExisting: CONNECTION },
        connection,
      ],
    });
    expect(await inUnit(() => app.get(Consumer).run())).toBe('ran');
    expect(connect).toHaveBeenCalledTimes(1);
  });

  it('no token at all, or a place that is no method, is a TypeError', () => {
    expect(() => LoadScoped()).toThrow(
      new TypeError('@LoadScoped: expected at least one token, got undefined'),
    );
    expect(() => LoadScoped(CONNECTION)({}, 'property', undefined as never)).toThrow(TypeError);
    expect(() => LoadScoped(undefined as never)).toThrow(TypeError);
  });
});

describe('what a test has put in its place', () => {
  const fake = { query: (what: string) => `fake ${what}` };

  it.each([
    ['with ContextModule', startTesting],
    ['without it', startWithoutContext],
  ])('by overrideProvider needs no waiting, in a testing module %s', async (_, start) => {
    const app = await start({ providers: [Orders, connection] }, (builder) =>
      builder.overrideProvider(CONNECTION).useValue(fake),
    );
    expect(await inUnit(() => app.get(Orders).list('a'))).toBe('fake a');
    expect(connect).not.toHaveBeenCalled();
  });

  it('by the constructor needs no waiting and no application', async () => {
    expect(await new Orders(fake as never).list('a')).toBe('fake a');
  });
});
