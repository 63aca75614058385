// GraphQL over graphql-ws: connections, operations and events, each a unit of work.

import { EventEmitter, on } from 'node:events';
import { Injectable, UnauthorizedException } from '@nestjs/common';
import {
  Args,
  Field,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import {
  ContextScoped,
  ContextVar,
  currentUnit,
  Populate,
  RequestContext,
  runUnitOfWork,
  ScopedValue,
  scopedProvider,
  type UnitOfWork,
} from 'nestjs-contextvars';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';
import { connect, connectBare, post, start, stop, subscribe } from './support.js';

afterEach(stop);

const user = new ContextVar<string>('user', { default: 'nobody' });
const mark = new ContextVar<string>('mark', { default: 'none' });
const boot = new ContextVar<string>('boot', { default: 'not seen' });
const role = new ScopedValue<string>('role');

/** As graphql-subscriptions has it: in one process, by an emitter. */
class PubSub {
  readonly #emitter = new EventEmitter();
  readonly publish = (topic: string, payload: unknown) => this.#emitter.emit(topic, payload);
  listeners = (topic: string) => this.#emitter.listenerCount(topic);
  stream(topic: string): AsyncIterableIterator<unknown> {
    const source = on(this.#emitter, topic);
    const payloadOf = ({ done, value }: IteratorResult<unknown[]>) =>
      ({ done, value: value?.[0] }) as IteratorResult<unknown>;
    return {
      next: async () => payloadOf(await source.next()),
      return: async () => payloadOf((await source.return?.()) as IteratorResult<unknown[]>),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

let pubSub: PubSub;
let events: { unit: UnitOfWork | undefined; user: string; mark: string; where: string }[];
beforeEach(() => {
  pubSub = new PubSub();
  events = [];
});
const look = (where: string) =>
  events.push({ unit: currentUnit(), user: user.get(), mark: mark.get(), where });
const kindsOf = (where: string) =>
  events.filter((event) => event.where === where).map((event) => event.unit?.kind);

@ObjectType()
class Price {
  @Field() value!: number;
  @Field() seenBy!: string;
}

@Injectable()
class Guard {
  canActivate() {
    look('guard');
    if (user.get() === 'banned') throw new UnauthorizedException('banned');
    mark.set(`marked for ${user.get()}`);
    return true;
  }
}

@Resolver(() => Price)
class Prices {
  @Query(() => String)
  who() {
    look('query');
    return `${user.get()} ${mark.get()} ${role.get('no role')}`;
  }
  @Mutation(() => String)
  async mark(@Args('as') as: string) {
    mark.set(as);
    await new Promise(setImmediate);
    look('mutation');
    return mark.get();
  }
  @Subscription(() => Price, {
    filter: (payload: { prices: Price }) => {
      look('filter');
      return payload.prices.value > 0;
    },
    resolve: (payload: { prices: Price }) => {
      look('resolve');
      return payload.prices;
    },
  })
  prices() {
    look('subscribe');
    return pubSub.stream('prices');
  }
  @Subscription(() => String)
  async failing() {
    await null;
    throw new Error('no such topic');
  }
  @ResolveField(() => String)
  async seenBy() {
    look('field');
    const before = mark.get();
    mark.set('set by an event');
    await new Promise(setImmediate);
    return `${user.get()}, ${before}, ${role.get('no role')}`;
  }
}
const guarded = { resolvers: [Prices], providers: [{ provide: 'APP_GUARD', useClass: Guard }] };

const onConnect = ({ connectionParams }: { connectionParams?: Record<string, unknown> }) => {
  look('connect');
  user.set(String(connectionParams?.user));
  role.bind(`role of ${connectionParams?.user}`);
};
const withConnect = { subscriptions: { 'graphql-ws': { onConnect } } } as never;

describe('a connection', () => {
  it('is a unit of work: what onConnect sets is seen in its operations, and nothing that those set', async () => {
    const app = await start({ resolvers: [Prices], graphql: withConnect });
    const [ada, bob] = [connect(app, { user: 'ada' }), connect(app, { user: 'bob' })];
    const ask = (client: typeof ada, query: string) => subscribe(client, query).next();
    const [one, other] = await Promise.all([ask(ada, '{ who }'), ask(bob, '{ who }')]);
    expect(one.data).toEqual({ who: 'ada none role of ada' });
    expect(other.data).toEqual({ who: 'bob none role of bob' });
    expect(kindsOf('connect')).toEqual(['ws-connection', 'ws-connection']);
    expect(kindsOf('query')).toEqual(['graphql-operation', 'graphql-operation']);
    expect(new Set(events.map(({ unit }) => unit?.id)).size).toBe(4);
  });

  it('keeps overlapping operations apart', async () => {
    const gates = { a: new Gate(), b: new Gate() };
    const began = { a: new Gate(), b: new Gate() };
    @Resolver()
    class Slow {
      @Query(() => String)
      async slow(@Args('name') name: 'a' | 'b') {
        mark.set(name);
        began[name].open();
        await gates[name].passed;
        return mark.get();
      }
    }
    const client = connect(await start({ resolvers: [Slow] }));
    const a = subscribe(client, '{ slow(name: "a") }');
    const b = subscribe(client, '{ slow(name: "b") }');
    await Promise.all([began.a.passed, began.b.passed]);
    gates.b.open();
    expect((await b.next()).data).toEqual({ slow: 'b' });
    gates.a.open();
    expect((await a.next()).data).toEqual({ slow: 'a' });
  });

  it('ends when the client leaves, after onDisconnect and onClose, and takes its correlation id from the handshake', async () => {
    const said: string[] = [];
    const hook = (name: string) => async () => {
      await new Promise(setImmediate);
      said.push(`${name} ${user.get()} ${currentUnit()?.kind} ${currentUnit()?.ended}`);
    };
    const server = { onConnect, onDisconnect: hook('disconnect'), onClose: hook('close') };
    const app = await start({
      resolvers: [Prices],
      graphql: { subscriptions: { 'graphql-ws': server } } as never,
    });
    const client = connect(app, { user: 'ada' });
    await subscribe(client, '{ who }').next();
    await client.dispose();
    const connection = events[0]?.unit;
    await until('it has ended', () => connection?.ended === true);
    expect(connection?.signal.reason).toMatchObject({ name: 'AbortError' });
    expect(said).toEqual(['disconnect ada ws-connection false', 'close ada ws-connection false']);
  });

  it('that onConnect refuses is closed, and its unit with it', async () => {
    const refuse = () => {
      look('connect');
      return false;
    };
    const app = await start({
      resolvers: [Prices],
      graphql: { subscriptions: { 'graphql-ws': { onConnect: refuse } } } as never,
    });
    const refused = subscribe(connect(app), '{ who }');
    expect((await refused.next()).errors).toHaveLength(1);
    await until('its unit has ended', () => events[0]?.unit?.ended === true);
  });
});

describe('a subscription', () => {
  const query = 'subscription { prices { value seenBy } }';

  it('handles each event in a unit of its own, forked from its own context and never from the publisher’s', async () => {
    const app = await start({ ...guarded, graphql: withConnect });
    const [ada, bob] = [connect(app, { user: 'ada' }), connect(app, { user: 'bob' })];
    const [one, other] = [subscribe(ada, query), subscribe(bob, query)];
    await until('both have subscribed', () => pubSub.listeners('prices') === 2);
    await runUnitOfWork({ kind: 'publisher' }, async () => {
      user.set('publisher');
      mark.set('of the publisher');
      role.bind('publisher');
      for (const value of [1, 0, 2]) pubSub.publish('prices', { prices: { value } });
    });
    const seen = async (subscription: typeof one) => [
      (await subscription.next()).data?.prices,
      (await subscription.next()).data?.prices,
    ];
    const expected = (name: string) =>
      [1, 2].map((value) => ({ value, seenBy: `${name}, marked for ${name}, role of ${name}` }));
    expect(await seen(one)).toEqual(expected('ada'));
    expect(await seen(other)).toEqual(expected('bob'));

    const units = (where: string) =>
      new Set(events.filter((event) => event.where === where).map(({ unit }) => unit));
    expect(new Set([...kindsOf('resolve'), ...kindsOf('field')])).toEqual(new Set(['graphql-event']));
    expect(new Set([...kindsOf('guard'), ...kindsOf('subscribe'), ...kindsOf('filter')])).toEqual(
      new Set(['graphql-operation']),
    );
    expect(units('field').size).toBe(4);
    expect(units('resolve')).toEqual(units('field'));
    expect(units('subscribe').size).toBe(2);
  });

  it('begins the unit of an event when the event comes, and ends it when its result has been sent', async () => {
    const app = await start({ resolvers: [Prices] });
    const subscription = subscribe(connect(app), query);
    await until('it has subscribed', () => pubSub.listeners('prices') === 1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const published = Date.now();
    pubSub.publish('prices', { prices: { value: 1 } });
    await subscription.next();
    const event = events.find(({ where }) => where === 'field')?.unit;
    expect(Number(event?.startedAt)).toBeGreaterThanOrEqual(published - 10);
    await until('it has ended', () => event?.ended === true);
    expect(events.find(({ where }) => where === 'subscribe')?.unit?.ended).toBe(false);
  });

  it('ends with its completion by the client, and with the leaving of the client', async () => {
    const app = await start({ resolvers: [Prices] });
    const client = connect(app);
    const stopped = subscribe(client, query);
    const left = subscribe(client, query);
    await until('both have subscribed', () => pubSub.listeners('prices') === 2);
    const [first, second] = events.filter(({ where }) => where === 'subscribe').map(({ unit }) => unit);
    stopped.stop();
    await until('the first has ended', () => first?.ended === true);
    expect(second?.ended).toBe(false);
    expect(pubSub.listeners('prices')).toBe(1);
    expect(left.over).toBe(false);
    void client.terminate();
    await until('the second has ended', () => second?.ended === true);
    expect(second?.signal.reason).toMatchObject({ name: 'AbortError' });
    expect(pubSub.listeners('prices')).toBe(0);
  });

  describe('from a generator that waits for something', () => {
    let gate: Gate;
    let unit: UnitOfWork | undefined;
    let said: string[];
    let closed: Gate;
    beforeEach(() => {
      gate = new Gate();
      closed = new Gate();
      unit = undefined;
      said = [];
    });

    @Resolver()
    class Waits {
      @Query(() => String) nothing() {
        return '';
      }
      @Subscription(() => String, { resolve: () => said.push('resolved') && 'news' })
      async *news() {
        unit = currentUnit();
        try {
          await gate.passed;
          yield 'news';
        } finally {
          said.push('left the generator');
          closed.open();
        }
      }
    }

    const begin = async () => {
      const hooks = {
        onComplete: () => void said.push('onComplete'),
        onClose: () => void said.push('onClose'),
      };
      const graphql = { subscriptions: { 'graphql-ws': hooks } } as never;
      const app = await start({ resolvers: [Waits], graphql });
      const socket = await connectBare(app);
      const payload = { query: 'subscription { news }' };
      socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload }));
      await until('it has subscribed', () => unit !== undefined);
      return { app, socket };
    };

    it('ends with its completion by the client, while the connection goes on, and the generator when it can', async () => {
      const { app, socket } = await begin();
      socket.send(JSON.stringify({ id: 'a', type: 'complete' }));
      await until('it has ended', () => unit?.ended === true);
      expect(said).toEqual(['onComplete']);
      gate.open();
      await closed.passed;
      expect(said).toEqual(['onComplete', 'left the generator']);
      expect(socket.readyState).toBe(socket.OPEN);
      socket.terminate();
      await app.close();
    });

    it('ends with the leaving of the client, does not hold shutdown up, and the generator ends when it can', async () => {
      const { app, socket } = await begin();
      socket.terminate();
      await until('graphql-ws has said so', () => said.includes('onClose') && said.includes('onComplete'));
      await until('it has ended', () => unit?.ended === true);
      await app.close();
      gate.open();
      await closed.passed;
      expect(said.sort()).toEqual(['left the generator', 'onClose', 'onComplete']);
    });
  });

  it('that a guard refuses, that fails or that is malformed is answered with the error, and the next one is served', async () => {
    const app = await start({ ...guarded, graphql: withConnect });
    const banned = connect(app, { user: 'banned' });
    expect((await subscribe(banned, query).next()).errors?.[0]?.message).toBe('banned');
    const ada = connect(app, { user: 'ada' });
    expect((await subscribe(ada, 'subscription { failing }').next()).errors?.[0]?.message).toBe(
      'no such topic',
    );
    expect((await subscribe(ada, 'subscription { nothing }').next()).errors?.[0]?.message).toContain(
      'nothing',
    );
    expect((await subscribe(ada, '{ who }').next()).data).toEqual({ who: 'ada marked for ada role of ada' });
    const guards = events.filter(({ where }) => where === 'guard').map(({ unit }) => unit);
    await until('all have ended', () => guards.every((unit) => unit?.ended));
  });

  it('has scoped instances of its own for each event', async () => {
    const log: string[] = [];
    let made = 0;
    @ContextScoped()
    class Loaders {
      readonly number = ++made;
      readonly kind = currentUnit()?.kind;
      [Symbol.dispose]() {
        log.push(`disposed ${this.number}`);
      }
    }
    @Resolver(() => Price)
    class Own {
      constructor(private readonly loaders: Loaders) {}
      @Query(() => String) nothing() {
        return '';
      }
      @Subscription(() => Price)
      prices() {
        return pubSub.stream('prices');
      }
      @ResolveField(() => String)
      async seenBy() {
        await new Promise(setImmediate);
        return `${this.loaders.kind} ${this.loaders.number}`;
      }
    }
    const app = await start({ resolvers: [Own], providers: [scopedProvider(Loaders)] });
    const subscription = subscribe(connect(app), 'subscription { prices { seenBy again: seenBy } }');
    await until('it has subscribed', () => pubSub.listeners('prices') === 1);
    for (const n of [1, 2]) {
      pubSub.publish('prices', { prices: { value: n } });
      const both = `graphql-event ${n}`;
      expect((await subscription.next()).data?.prices).toEqual({ seenBy: both, again: both });
    }
    await until('both are disposed of', () => log.length === 2);
  });

  it('is populated where it is made', async () => {
    @Resolver()
    class Populated {
      @Query(() => String) nothing() {
        return '';
      }
      @Subscription(() => String, {
        resolve: (payload: string) => `${payload} for ${mark.get()}`,
      })
      @Populate((context: RequestContext) => void context.set(mark, 'the populated'))
      news() {
        return pubSub.stream('news');
      }
    }
    const subscription = subscribe(connect(await start({ resolvers: [Populated] })), 'subscription { news }');
    await until('it has subscribed', () => pubSub.listeners('news') === 1);
    pubSub.publish('news', 'hello');
    expect((await subscription.next()).data).toEqual({ news: 'hello for the populated' });
  });
});

it('nothing of a unit of work that the application was started in is seen', async () => {
  @Resolver(() => Price)
  class Looks {
    @Query(() => String) boot() {
      return boot.get();
    }
    @Subscription(() => String, { resolve: (payload: string) => `${payload} ${boot.get()}` })
    async *news() {
      yield boot.get();
    }
  }
  const app = await runUnitOfWork({ kind: 'boot' }, () => {
    boot.set('seen');
    return start({ resolvers: [Looks] });
  });
  expect((await post(app, '{ boot }')).data).toEqual({ boot: 'not seen' });
  const client = connect(app);
  expect((await subscribe(client, '{ boot }').next()).data).toEqual({ boot: 'not seen' });
  expect((await subscribe(client, 'subscription { news }').next()).data).toEqual({
    news: 'not seen not seen',
  });
});
