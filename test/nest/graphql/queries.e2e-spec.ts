// GraphQL over HTTP: all resolvers of an operation are in the unit of work of its request.

import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  type ExecutionContext,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { Args, Field, Mutation, ObjectType, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import {
  type ContextPopulator,
  ContextScoped,
  ContextVar,
  currentUnit,
  Populate,
  RequestContext,
  type RequestEnd,
  scopedProvider,
} from 'nestjs-contextvars';
import { tap } from 'rxjs';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';
import { post, start, stop } from './support.js';

afterEach(stop);

const user = new ContextVar<string>('user', { default: 'nobody' });
const here = () => currentUnit()?.id ?? 'outside';
const setup = (context: RequestContext, request: { headers: Record<string, unknown> }) =>
  void context.set(user, String(request.headers['x-user'] ?? 'nobody'));

@ObjectType()
class Order {
  @Field() id!: string;
  @Field() owner!: string;
}

describe('an operation', () => {
  const seen: string[] = [];
  const look = (stage: string) => seen.push(`${stage} ${here()} ${user.get()}`);
  beforeEach(() => seen.splice(0));

  @Injectable()
  class Guard {
    canActivate() {
      look('guard');
      return true;
    }
  }
  class Interceptor {
    intercept(_: ExecutionContext, next: CallHandler) {
      look('before');
      return next.handle().pipe(tap({ next: () => look('after'), error: () => look('error') }));
    }
  }
  @Catch()
  class Filter {
    catch(error: Error, _: ArgumentsHost) {
      look('filter');
      return error;
    }
  }

  const rendezvous = new Map<string, Gate>();
  const gateOf = (name: string) => {
    const gate = rendezvous.get(name) ?? new Gate();
    rendezvous.set(name, gate);
    return gate;
  };

  @Resolver(() => Order)
  @UseGuards(Guard)
  @UseInterceptors(Interceptor)
  @UseFilters(Filter)
  class Orders {
    constructor(private readonly context: RequestContext) {}
    @Query(() => [Order])
    async orders() {
      await new Promise(setImmediate);
      look('query');
      return [{ id: '1' }, { id: '2' }];
    }
    @Query(() => String)
    async slow(@Args('name') name: string) {
      gateOf(`${name} began`).open();
      await gateOf(name).passed;
      return `${name} ${user.get()}`;
    }
    @Query(() => String)
    fails() {
      look('query');
      throw new Error('not today');
    }
    @Query(() => String)
    path() {
      return (this.context.request as { originalUrl: string }).originalUrl;
    }
    @Mutation(() => String)
    async rename(@Args('to') to: string) {
      await new Promise(setImmediate);
      user.set(to);
      return user.get();
    }
    @ResolveField(() => String)
    async owner(@Parent() { id }: Order) {
      await new Promise(setImmediate);
      look(`field ${id}`);
      return user.get();
    }
  }

  it('has guards, interceptors, resolvers and field resolvers in the unit of its request', async () => {
    const app = await start({ resolvers: [Orders], options: { setup } });
    const { data } = await post(app, '{ orders { id owner } again: orders { owner } }', { 'x-user': 'ada' });
    expect(data.orders).toEqual([
      { id: '1', owner: 'ada' },
      { id: '2', owner: 'ada' },
    ]);
    expect(seen.filter((line) => line.startsWith('guard'))).toHaveLength(2);
    expect(seen.filter((line) => line.startsWith('field'))).toHaveLength(4);
    const units = new Set(seen.map((line) => line.split(' ').slice(-2).join(' ')));
    expect(units.size).toBe(1);
    expect([...units][0]).toMatch(/^[0-9a-f-]{36} ada$/);
  });

  it('that overlaps another keeps apart from it', async () => {
    const app = await start({ resolvers: [Orders], options: { setup } });
    const answers = ['a', 'b'].map((name) =>
      post(app, `{ one: slow(name: "${name}") other: slow(name: "${name}") }`, { 'x-user': name }),
    );
    await Promise.all([gateOf('a began').passed, gateOf('b began').passed]);
    gateOf('b').open();
    gateOf('a').open();
    const both = (name: string) => ({ data: { one: `${name} ${name}`, other: `${name} ${name}` } });
    expect(await Promise.all(answers)).toEqual([both('a'), both('b')]);
  });

  it('that fails does not lose it on the way to the filter, and says so at the end of its request', async () => {
    const ends: RequestEnd[] = [];
    const onEnd = (_: RequestContext, end: RequestEnd) => void ends.push(end);
    const app = await start({ resolvers: [Orders], options: { setup, onEnd } });
    const { errors } = await post(app, '{ fails }', { 'x-user': 'ada' });
    expect(errors?.[0]?.message).toBe('not today');
    expect(seen.map((line) => line.split(' ')[0])).toEqual(['guard', 'before', 'query', 'error', 'filter']);
    expect(new Set(seen.map((line) => line.slice(line.indexOf(' ')))).size).toBe(1);
    await until('it has ended', () => ends.length === 1);
    expect(ends[0]).toMatchObject({ outcome: 'failed', status: 200, error: { message: 'not today' } });
    expect((await post(app, '{ slow: __typename }')).data).toEqual({ slow: 'Query' });
    await until('that has ended', () => ends.length === 2);
    expect(ends[1]).toMatchObject({ outcome: 'completed', error: undefined });
  });

  it('sees what its mutations before have set, and the request', async () => {
    const app = await start({ resolvers: [Orders], options: { setup } });
    expect(await post(app, 'mutation { first: rename(to: "bob") second: rename(to: "eve") }')).toEqual({
      data: { first: 'bob', second: 'eve' },
    });
    expect((await post(app, '{ path }')).data.path).toBe('/graphql');
  });
});

describe('populators', () => {
  const runs: string[] = [];
  beforeEach(() => runs.splice(0));

  @Injectable()
  class Plan implements ContextPopulator {
    async populate(context: RequestContext) {
      runs.push('plan');
      await new Promise(setImmediate);
      context.set(user, 'of the plan');
    }
  }

  @Resolver()
  @Populate(Plan)
  class Plans {
    @Query(() => String) one() {
      return user.get();
    }
    @Query(() => String)
    @Populate(() => void runs.push('two'))
    two() {
      return user.get();
    }
  }
  @Resolver()
  class Others {
    @Query(() => String)
    @Populate(Plan)
    three() {
      return user.get();
    }
    @Query(() => String)
    @Populate(() => {
      runs.push('fails');
      throw new Error('no plan');
    })
    broken() {
      runs.push('handled');
      return 'handled';
    }
  }

  it('run once for an operation, and every resolver waits for them', async () => {
    const app = await start({
      resolvers: [Plans, Others],
      providers: [Plan],
      options: { populate: () => void runs.push('module') },
    });
    const { data } = await post(app, '{ one again: one two three }');
    expect(data).toEqual({
      one: 'of the plan',
      again: 'of the plan',
      two: 'of the plan',
      three: 'of the plan',
    });
    expect(runs.sort()).toEqual(['module', 'plan', 'two']);
    await post(app, '{ one }');
    expect(runs).toHaveLength(5);
  });

  it('that fail are the error of each resolver, which does not run', async () => {
    const app = await start({ resolvers: [Plans, Others], providers: [Plan] });
    const { errors } = await post(app, '{ broken }');
    expect(errors?.map(({ message }) => message)).toEqual(['no plan']);
    expect(runs).toEqual(['fails']);
  });
});

it('a scoped provider, such as the loaders of an operation, has one instance for it', async () => {
  const disposed: number[] = [];
  let made = 0;
  @ContextScoped()
  class Loaders {
    readonly number = ++made;
    [Symbol.dispose]() {
      disposed.push(this.number);
    }
  }
  @Resolver()
  class Numbers {
    constructor(private readonly loaders: Loaders) {}
    @Query(() => Number) async number() {
      await new Promise(setImmediate);
      return this.loaders.number;
    }
  }
  const app = await start({ resolvers: [Numbers], providers: [scopedProvider(Loaders)] });
  expect(await post(app, '{ number again: number }')).toEqual({ data: { number: 1, again: 1 } });
  expect(await post(app, '{ number }')).toEqual({ data: { number: 2 } });
  await until('both are disposed of', () => disposed.length === 2);
});
