// Messages of gateways: what each of them sees, on both platforms of Nest.

import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  createParamDecorator,
  type ExecutionContext,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import {
  ContextScoped,
  ContextVar,
  currentUnit,
  FromContext,
  RequestContext,
  ScopedValue,
  scopedProvider,
} from 'nestjs-contextvars';
import { from, map, Observable, Subject, tap } from 'rxjs';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';
import { connect, start, stop } from './support/gateway-app.js';
import { kinds } from './support/kinds.js';

afterEach(stop);

const user = new ContextVar<string>('user', { default: 'nobody' });
const note = new ContextVar<string>('note', { default: 'none' });
const role = new ScopedValue<string>('role');

const reply = (data: unknown) => ({ event: 'answer', data });
const here = () => currentUnit()?.id ?? 'outside';

describe.each(kinds)('over $name', (kind) => {
  it('a message is a unit of work of its own, in a fork of the context of its connection', async () => {
    @WebSocketGateway()
    class Gateway implements OnGatewayConnection {
      constructor(private readonly context: RequestContext) {}
      handleConnection() {
        user.set('ada');
        role.bind('reader');
      }
      @SubscribeMessage('look')
      look() {
        const seen = [user.get(), role.get(), note.get(), currentUnit()?.kind, this.context.id === here()];
        note.set('left behind');
        return reply(seen);
      }
      @SubscribeMessage('id')
      id() {
        return reply(here());
      }
    }
    const client = await connect(kind, await start(kind, { gateways: [Gateway] }));
    client.send('look');
    expect(await client.next('answer')).toEqual(['ada', 'reader', 'none', 'ws-message', true]);
    client.send('look');
    expect(await client.next('answer')).toEqual(['ada', 'reader', 'none', 'ws-message', true]);
    client.send('id');
    client.send('id');
    expect(await client.next('answer')).not.toBe(await client.next('answer'));
  });

  it('overlapping messages, of one connection and of several, keep apart', async () => {
    const gates = new Map<string, Gate>();
    const gateOf = (name: string) => {
      const gate = gates.get(name) ?? new Gate();
      gates.set(name, gate);
      return gate;
    };
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('begin')
      async begin(@MessageBody() name: string) {
        user.set(name);
        gateOf(`${name} began`).open();
        await gateOf(name).passed;
        return reply([name, user.get()]);
      }
    }
    const app = await start(kind, { gateways: [Gateway] });
    const [one, other] = [await connect(kind, app), await connect(kind, app)];
    one.send('begin', 'a');
    one.send('begin', 'b');
    other.send('begin', 'c');
    await Promise.all(['a', 'b', 'c'].map((name) => gateOf(`${name} began`).passed));
    for (const name of ['b', 'c', 'a']) gateOf(name).open();
    const answers = [await one.next('answer'), await one.next('answer'), await other.next('answer')];
    expect(answers.map(([name, seen]) => seen === name)).toEqual([true, true, true]);
  });

  describe('stages', () => {
    const seen: string[] = [];
    const look = (stage: string) => seen.push(`${stage} ${here()} ${user.get()}`);
    const Seen = createParamDecorator(() => look('parameter'));
    @Catch()
    class Filter {
      catch(error: Error, host: ArgumentsHost) {
        look('filter');
        const client = host.switchToWs().getClient();
        const answer = { event: 'failed', data: error.message };
        if ('readyState' in client) client.send(JSON.stringify(answer));
        else client.emit(answer.event, answer.data);
      }
    }
    class Guard {
      canActivate(context: ExecutionContext) {
        user.set(`user of ${context.switchToWs().getData()}`);
        look('guard');
        if (context.switchToWs().getData() === 'refused') throw new WsException('guard says no');
        return true;
      }
    }
    class Interceptor {
      intercept(_: ExecutionContext, next: CallHandler) {
        look('before');
        return next.handle().pipe(tap({ next: () => look('after'), error: () => look('error') }));
      }
    }
    class Pipe {
      transform(value: unknown) {
        look('pipe');
        return value;
      }
    }
    @WebSocketGateway()
    @UseFilters(Filter)
    @UseGuards(Guard)
    @UseInterceptors(Interceptor)
    class Gateway {
      @SubscribeMessage('do')
      @UsePipes(Pipe)
      async do(@MessageBody() how: string, @Seen() _: unknown, @FromContext(user) who: string) {
        await new Promise(setImmediate);
        look('handler');
        if (how === 'throws') throw new WsException('handler says no');
        return reply(who);
      }
    }
    beforeEach(() => seen.splice(0));
    const inOneUnit = () => new Set(seen.map((line) => line.slice(line.indexOf(' ')))).size === 1;
    const stages = () => seen.map((line) => line.split(' ')[0]);

    it('all see the context that the guard has set', async () => {
      const client = await connect(kind, await start(kind, { gateways: [Gateway] }));
      client.send('do', 'well');
      expect(await client.next('answer')).toBe('user of well');
      expect(new Set(stages())).toEqual(
        new Set(['guard', 'before', 'pipe', 'parameter', 'handler', 'after']),
      );
      expect(inOneUnit()).toBe(true);
      expect(seen[0]).toContain('user of well');
    });

    it.each([
      ['refused', 'guard says no', ['guard', 'filter']],
      ['throws', 'handler says no', ['handler', 'error', 'filter']],
    ])(
      'one that is %s does not lose it on the way to the filter, and the next message is served',
      async (how, said, last) => {
        const client = await connect(kind, await start(kind, { gateways: [Gateway] }));
        client.send('do', how);
        expect(await client.next('failed')).toBe(said);
        expect(stages().slice(-last.length)).toEqual(last);
        expect(inOneUnit()).toBe(true);
        client.send('do', 'well');
        expect(await client.next('answer')).toBe('user of well');
      },
    );
  });

  it('a scoped provider has one instance for each message, which is disposed of when that has been answered', async () => {
    const events: string[] = [];
    let made = 0;
    @ContextScoped()
    class Basket {
      readonly number = ++made;
      readonly unit = here();
      toJSON() {
        return { number: this.number, unit: this.unit };
      }
      [Symbol.dispose]() {
        events.push(`disposed ${this.number}`);
      }
    }
    @WebSocketGateway()
    class Gateway {
      constructor(private readonly basket: Basket) {}
      @SubscribeMessage('basket')
      async look() {
        const { number } = this.basket;
        await new Promise(setImmediate);
        events.push(`handled ${number} ${this.basket.number} ${this.basket.unit === here()}`);
        // Turned into text by the adapter, after the handler.
        return reply(this.basket);
      }
    }
    const app = await start(kind, { gateways: [Gateway], providers: [scopedProvider(Basket)] });
    const client = await connect(kind, app);
    client.send('basket');
    expect((await client.next('answer')).number).toBe(1);
    client.send('basket');
    expect((await client.next('answer')).number).toBe(2);
    await app.close();
    expect(events).toEqual(['handled 1 1 true', 'disposed 1', 'handled 2 2 true', 'disposed 2']);
  });

  it('a stream is answered in the unit of its message, which lasts until the stream is over', async () => {
    const ended: (string | undefined)[] = [];
    @ContextScoped()
    class Lease {
      readonly unit = here();
      [Symbol.dispose]() {
        ended.push(this.unit);
      }
    }
    const values = new Subject<number>();
    @WebSocketGateway()
    class Gateway {
      constructor(private readonly lease: Lease) {}
      @SubscribeMessage('counted')
      count(@MessageBody() name: string) {
        user.set(name);
        return from([1, 2]).pipe(
          map((n) => reply([n, user.get(), this.lease.unit === here(), ended.length])),
        );
      }
      @SubscribeMessage('lazy')
      async lazy(@MessageBody() name: string) {
        user.set(name);
        return new Observable((subscriber) => {
          subscriber.next(reply(['subscribed', user.get(), this.lease.unit === here()]));
          const subscription = values.subscribe((n) => {
            if (n > 0) subscriber.next(reply(n));
            else subscriber.complete();
          });
          return () => {
            subscription.unsubscribe();
            ended.push('torn down');
          };
        });
      }
    }
    const app = await start(kind, { gateways: [Gateway], providers: [scopedProvider(Lease)] });
    const client = await connect(kind, app);
    client.send('counted', 'ada');
    expect(await client.next('answer')).toEqual([1, 'ada', true, 0]);
    expect(await client.next('answer')).toEqual([2, 'ada', true, 0]);
    client.send('lazy', 'bob');
    expect(await client.next('answer')).toEqual(['subscribed', 'bob', true]);
    expect(ended).toHaveLength(1);
    values.next(7);
    expect(await client.next('answer')).toBe(7);
    expect(ended).toHaveLength(1);
    values.next(0);
    expect(ended.slice(1)).toEqual(['torn down', expect.any(String)]);
  });

  it('an answer that is delivered from another message is sent in its own', async () => {
    const news = new Subject<string>();
    const senders: string[] = [];
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('listen')
      listen(@MessageBody() name: string, @ConnectedSocket() _: unknown) {
        user.set(name);
        return news.pipe(
          map((text) => ({
            event: 'news',
            data: { text, toJSON: () => senders.push(user.get()) && { text } },
          })),
        );
      }
      @SubscribeMessage('tell')
      tell(@MessageBody() text: string) {
        user.set('teller');
        news.next(text);
        return reply('told');
      }
    }
    const app = await start(kind, { gateways: [Gateway] });
    const [listener, teller] = [await connect(kind, app), await connect(kind, app)];
    listener.send('listen', 'ada');
    await until('the listener listens', () => news.observed);
    teller.send('tell', 'hello');
    expect(await listener.next('news')).toEqual({ text: 'hello' });
    expect(new Set(senders)).toEqual(new Set(['ada']));
  });
});
