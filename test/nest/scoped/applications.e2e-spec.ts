// Two applications in one process share the classes and nothing else.

import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import {
  ContextModule,
  ContextScoped,
  currentUnit,
  LoadScoped,
  RequestContext,
  scopedProvider,
} from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { startModule, stopApps } from '../module/support/running-app.js';
import { closeApps, inUnit, startTesting } from './support/application.js';
import { Made } from './support/made.js';

afterEach(closeApps);
afterEach(stopApps);

const made = new Made();
afterEach(() => made.clear());

@Injectable()
class Database {
  readonly rows: string[] = [];
}

@ContextScoped()
class Session extends made.Noted {
  constructor(
    readonly database: Database,
    readonly context: RequestContext,
    @Inject('connection') readonly connection: { database: Database },
  ) {
    super();
  }
  write(row: string): string[] {
    this.database.rows.push(`${this.context.id} ${row}`);
    return this.database.rows;
  }
  @LoadScoped('connection')
  connected(): Database {
    return this.connection.database;
  }
}

@Controller()
class Desk {
  constructor(readonly session: Session) {}
  @Get() get(): string[] {
    return this.session.write('row');
  }
}

const providers = [
  Database,
  scopedProvider(Session),
  scopedProvider({
    provide: 'connection',
    useFactory: async (database: Database) => ({ database }),
    inject: [Database],
  }),
];

@Module({ imports: [ContextModule.forRoot({ logger: false })], controllers: [Desk], providers })
class AppModule {}

it.each(adapters)('on %s each has its own singletons, instances and answers', async (adapter) => {
  const apps = [
    await startModule(adapter, { module: AppModule }),
    await startModule(adapter, { module: AppModule }),
  ];
  const [one, other] = apps as [(typeof apps)[number], (typeof apps)[number]];
  const ask = async (app: typeof one, id: string) =>
    JSON.parse((await app.get('/', { 'x-request-id': id })).text);
  expect(await ask(one, 'a')).toEqual(['a row']);
  expect(await ask(other, 'b')).toEqual(['b row']);
  expect(await ask(one, 'c')).toEqual(['a row', 'c row']);
  await one.close();
  expect(await ask(other, 'd')).toEqual(['b row', 'd row']);
  expect(made.instances).toHaveLength(4);
  expect(one.app.get(Session)).not.toBe(other.app.get(Session));
});

it('in one unit of work each has an instance of its own', async () => {
  const [one, other] = [await startTesting({ providers }), await startTesting({ providers })];
  inUnit(() => {
    expect(one.get(Session).identity).not.toBe(other.get(Session).identity);
    expect(one.get(Session).database).toBe(one.get(Database));
    expect(other.get(Session).database).toBe(other.get(Database));
  });
  expect(made.instances).toHaveLength(2);
  expect(made.disposed).toHaveLength(2);
});

it('a context-scoped class waits with @LoadScoped for what its own application has', async () => {
  const apps = [await startTesting({ providers }), await startTesting({ providers })];
  for (const app of [...apps, ...apps.reverse()])
    expect(await inUnit(() => app.get(Session).connected())).toBe(app.get(Database));
});

it('a class that was overridden in one is what it is in the other', async () => {
  const fake = { identity: 'fake' };
  const one = await startTesting({ providers }, (builder) =>
    builder.overrideProvider(Session).useValue(fake),
  );
  const other = await startTesting({ providers });
  expect(one.get(Session)).toBe(fake);
  inUnit(() => expect(other.get(Session).unit).toBe(currentUnit()?.id));
});

describe('two classes of one name', () => {
  const named = (value: string) => {
    @ContextScoped()
    class Same extends made.Noted {
      readonly value = value;
    }
    return Same;
  };

  it('are two, in one module', async () => {
    const [First, Second] = [named('first'), named('second')];
    @Injectable()
    class Holder {
      constructor(
        @Inject(First) readonly first: { value: string },
        @Inject(Second) readonly second: { value: string },
      ) {}
    }
    const app = await startTesting({ providers: [scopedProvider(First), Holder, scopedProvider(Second)] });
    const { first, second } = app.get(Holder);
    inUnit(() => expect([first.value, second.value]).toEqual(['first', 'second']));
    expect(made.instances).toHaveLength(2);
  });

  it('are two, as dependencies of a class of the same name', async () => {
    const Inner = named('inner');
    const Outer = (() => {
      @ContextScoped()
      class Same extends Inner {
        constructor(@Inject(Inner) readonly inner: { value: string }) {
          super();
        }
      }
      return Same;
    })();
    const app = await startTesting({
      imports: [ContextModule.forFeature([Inner, Outer])],
    });
    inUnit(() => expect(app.get(Outer, { strict: false }).inner.value).toBe('inner'));
  });

  it('are two tokens, as symbols of one description are', async () => {
    const tokens = [Symbol('same'), Symbol('same')];
    const app = await startTesting({
      providers: tokens.map((provide, i) => scopedProvider({ provide, useFactory: () => ({ i }) })),
    });
    inUnit(() => expect(tokens.map((token) => app.get<{ i: number }>(token).i)).toEqual([0, 1]));
  });
});

describe('a request-scoped consumer that loads, of two applications that run at once', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Clerk {
    constructor(@Inject('connection') readonly connection: { database: Database }) {}
    @LoadScoped('connection')
    async write(row: string): Promise<string[]> {
      this.connection.database.rows.push(row);
      return this.connection.database.rows;
    }
  }

  @Controller()
  class Counter {
    constructor(readonly clerk: Clerk) {}
    @Get() get(): Promise<string[]> {
      return this.clerk.write('row');
    }
  }

  @Module({
    imports: [ContextModule.forRoot({ logger: false })],
    controllers: [Counter],
    providers: [...providers, Clerk],
  })
  class CounterModule {}

  it.each(adapters)('on %s uses the providers of the one that serves the request', async (adapter) => {
    const older = await startModule(adapter, { module: CounterModule });
    const younger = await startModule(adapter, { module: CounterModule });
    for (const expected of [['row'], ['row', 'row']]) {
      expect(JSON.parse((await older.get('/')).text)).toEqual(expected);
      expect(JSON.parse((await younger.get('/')).text)).toEqual(expected);
    }
  });
});
