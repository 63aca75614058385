// `@OnEvent`: each call of a listener is a unit of work in a fork of the emitter's context.

import {
  type DynamicModule,
  type INestApplicationContext,
  Inject,
  Injectable,
  Scope,
  type Type,
} from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  ContextModule,
  ContextScoped,
  ContextVar,
  currentUnit,
  RequestContext,
  runUnitOfWork,
  ScopedValue,
  scopedProvider,
  type UnitOfWork,
} from 'nestjs-contextvars';
import { codeOf } from '../../core/support/outcome.js';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';
import { MemoryLogger } from '../module/support/memory-logger.js';

const user = new ContextVar<string>('user', { default: 'nobody' });
const role = new ScopedValue<string>('role');
const running = new Set<INestApplicationContext>();

afterEach(async () => {
  for (const app of running) await app.close();
  running.clear();
});

async function start(
  providers: NonNullable<DynamicModule['providers']>,
  logger?: MemoryLogger,
  options?: Parameters<typeof EventEmitterModule.forRoot>[0],
) {
  const module: DynamicModule = {
    module: class AppModule {},
    imports: [EventEmitterModule.forRoot(options), ContextModule.forRoot(logger && { logger })],
    providers,
  };
  const app = await NestFactory.createApplicationContext(module as unknown as Type, {
    logger: logger ?? false,
    abortOnError: false,
  });
  running.add(app);
  return { app, events: app.get(EventEmitter2) };
}

const inRequest = <R>(fn: () => R) => runUnitOfWork({ kind: 'request', id: 'request-1' }, fn);

it('a listener, synchronous or not, sees what the emitter has set, and the emitter nothing that it sets', async () => {
  const seen: unknown[] = [];
  @Injectable()
  class Listeners {
    constructor(private readonly context: RequestContext) {}
    @OnEvent('order.*') plain(order: string) {
      seen.push([order, user.get(), currentUnit()?.kind, role.get('no role')]);
      user.set('set by a listener');
    }
    @OnEvent('order.placed') async slow(order: string) {
      await new Promise(setImmediate);
      seen.push([order, user.get(), currentUnit()?.kind, this.context.id === currentUnit()?.id]);
      user.set('set by another');
      return user.get();
    }
  }
  const { events } = await start([Listeners], undefined, { wildcard: true });
  await inRequest(async () => {
    user.set('ada');
    role.bind('clerk');
    expect((await events.emitAsync('order.placed', 'order-1')).sort()).toEqual(['set by another', undefined]);
    expect(user.get()).toBe('ada');
    events.emit('order.cancelled', 'order-2');
    expect(user.get()).toBe('ada');
  });
  expect(seen).toEqual([
    ['order-1', 'ada', 'event', 'clerk'],
    ['order-1', 'ada', 'event', true],
    ['order-2', 'ada', 'event', 'clerk'],
  ]);
});

it('listeners of overlapping events keep apart', async () => {
  const gates = { a: new Gate(), b: new Gate() };
  @Injectable()
  class Listeners {
    @OnEvent('work') async work(name: 'a' | 'b') {
      const before = user.get();
      user.set(`listener of ${name}`);
      await gates[name].passed;
      return [before, user.get()];
    }
    @OnEvent('work') async other(name: 'a' | 'b') {
      await gates[name].passed;
      return [user.get()];
    }
  }
  const { events } = await start([Listeners]);
  const emit = (name: 'a' | 'b') =>
    inRequest(() => {
      user.set(name);
      return events.emitAsync('work', name);
    });
  const both = [emit('a'), emit('b')];
  gates.b.open();
  gates.a.open();
  expect(await Promise.all(both)).toEqual([
    [['a', 'listener of a'], ['a']],
    [['b', 'listener of b'], ['b']],
  ]);
});

it('outside any unit of work it starts empty', async () => {
  const seen: unknown[] = [];
  @Injectable()
  class Listeners {
    @OnEvent('tick') tick() {
      seen.push([user.get(), currentUnit()?.kind]);
      user.set('left behind');
    }
  }
  const { events } = await inRequest(() => {
    user.set('boot');
    return start([Listeners]);
  });
  events.emit('tick');
  events.emit('tick');
  expect(seen).toEqual([
    ['nobody', 'event'],
    ['nobody', 'event'],
  ]);
});

it('a temporary privilege of the emitter is not there', async () => {
  const codes: (string | undefined)[] = [];
  @Injectable()
  class Listeners {
    @OnEvent('elevated') async look() {
      codes.push(await codeOf(() => role.get('fallback')));
    }
  }
  const { events } = await start([Listeners]);
  await inRequest(() => role.run('admin', () => events.emitAsync('elevated')));
  expect(codes).toEqual(['ERR_SCOPE_ENDED']);
});

it('an error goes where it went before, in the context of its listener', async () => {
  const contexts: string[] = [];
  class Logger extends MemoryLogger {
    override error(message: unknown) {
      super.error(message);
      contexts.push(`${currentUnit()?.kind} ${user.get()}`);
    }
  }
  const logger = new Logger();
  @Injectable()
  class Listeners {
    @OnEvent('suppressed') async suppressed() {
      await null;
      throw new Error('logged');
    }
    @OnEvent('thrown', { suppressErrors: false }) async thrown() {
      throw new Error('given to the emitter');
    }
  }
  const { events } = await start([Listeners], logger);
  await inRequest(async () => {
    user.set('ada');
    await events.emitAsync('suppressed');
    await expect(events.emitAsync('thrown')).rejects.toThrow('given to the emitter');
  });
  expect(logger.lines).toEqual(['error: logged']);
  expect(contexts).toEqual(['event ada']);
});

it('has its own scoped instances, which are disposed of when it has settled', async () => {
  const log: string[] = [];
  let made = 0;
  @ContextScoped()
  class Outbox {
    readonly number = ++made;
    [Symbol.dispose]() {
      log.push(`disposed ${this.number}`);
    }
  }
  @Injectable()
  class Listeners {
    constructor(private readonly outbox: Outbox) {}
    @OnEvent('mail') async mail() {
      await new Promise(setImmediate);
      log.push(`mailed ${this.outbox.number}`);
    }
  }
  const { app, events } = await start([Listeners, scopedProvider(Outbox)]);
  await inRequest(async () => {
    const outbox = app.get(Outbox, { strict: false });
    log.push(`emitter ${outbox.number}`);
    await events.emitAsync('mail');
    log.push('emitted');
  });
  expect(log).toEqual(['emitter 1', 'mailed 2', 'disposed 2', 'emitted', 'disposed 1']);
});

it('one that is request-scoped, prepended, asynchronous by its options or of several events is in a fork too', async () => {
  const seen: string[] = [];
  const look = (how: string) => seen.push(`${how} ${user.get()} ${currentUnit()?.kind}`);
  @Injectable({ scope: Scope.REQUEST })
  class PerEvent {
    constructor(@Inject(REQUEST) private readonly payload: string) {}
    @OnEvent('all') handle() {
      look(`scoped for ${this.payload}`);
    }
  }
  @Injectable()
  class Listeners {
    @OnEvent('all', { prependListener: true }) prepended() {
      look('prepended');
    }
    @OnEvent('all', { async: true }) later() {
      look('later');
    }
    @OnEvent('all')
    @OnEvent('other')
    several() {
      look('several');
    }
  }
  const { events } = await start([PerEvent, Listeners]);
  inRequest(() => {
    user.set('ada');
    events.emit('all', 'payload');
    events.emit('other');
  });
  await until('all have been called', () => seen.length === 5);
  expect(seen[0]).toBe('prepended ada event');
  expect(seen.sort()).toEqual([
    'later ada event',
    'prepended ada event',
    'scoped for payload ada event',
    'several ada event',
    'several ada event',
  ]);
});

it('a listener that is added by hand stays in the context of the emitter', async () => {
  const { events } = await start([]);
  const units: (UnitOfWork | undefined)[] = [];
  events.on('by hand', () => void units.push(currentUnit()));
  inRequest(() => events.emit('by hand'));
  expect(units[0]?.kind).toBe('request');
});

it('shutdown waits for listeners that nobody waits for', async () => {
  const [gate, log] = [new Gate(), [] as string[]];
  @Injectable()
  class Listeners {
    @OnEvent('mail') async mail() {
      await gate.passed;
      log.push('mailed');
    }
  }
  const { app, events } = await start([Listeners]);
  events.emit('mail');
  running.delete(app);
  const closed = app.close().then(() => log.push('closed'));
  await new Promise(setImmediate);
  gate.open();
  await closed;
  expect(log).toEqual(['mailed', 'closed']);
});
