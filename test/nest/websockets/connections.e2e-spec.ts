// Connections of gateways: the unit of work that lasts from connecting to leaving, and what happens at its end.

import { setImmediate as turn } from 'node:timers/promises';
import {
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import {
  bindEmitter,
  ContextScoped,
  ContextVar,
  currentUnit,
  RequestContext,
  runUnitOfWork,
  scopedProvider,
  type UnitOfWork,
} from 'nestjs-contextvars';
import { NEVER, Observable } from 'rxjs';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';
import { MemoryLogger } from '../module/support/memory-logger.js';
import { connect, start, stop } from './support/gateway-app.js';
import { kinds } from './support/kinds.js';

afterEach(stop);

const user = new ContextVar<string>('user', { default: 'nobody' });
const boot = new ContextVar<string>('boot', { default: 'not seen' });
const reply = (data: unknown) => ({ event: 'answer', data });

describe.each(kinds)('over $name', (kind) => {
  it('connecting, leaving and all of a connection are in one unit of work; each connection has its own', async () => {
    const left: [string, string | undefined, string][] = [];
    const connected: (UnitOfWork | undefined)[] = [];
    @WebSocketGateway()
    class Gateway implements OnGatewayConnection, OnGatewayDisconnect {
      handleConnection() {
        connected.push(currentUnit());
        user.set(`user ${connected.length}`);
      }
      handleDisconnect() {
        left.push([user.get(), currentUnit()?.id, String(currentUnit()?.kind)]);
      }
      @SubscribeMessage('ping')
      ping() {
        user.set('of the message');
        return reply('pong');
      }
    }
    const app = await start(kind, { gateways: [Gateway] });
    const [one, other] = [await connect(kind, app), await connect(kind, app)];
    one.send('ping');
    await one.next('answer');
    const [first, second] = connected;
    expect(first?.id).not.toBe(second?.id);
    other.close();
    await until('the second has left', () => second?.ended === true);
    expect(first?.ended).toBe(false);
    one.close();
    await until('the first has left', () => first?.ended === true);
    expect(left).toEqual([
      ['user 2', second?.id, 'ws-connection'],
      ['user 1', first?.id, 'ws-connection'],
    ]);
  });

  it('nothing of a unit of work that the application was started in is seen', async () => {
    const seen: string[] = [];
    const look = (where: string) => seen.push(`${where}: ${boot.get()}, ${currentUnit()?.kind ?? 'none'}`);
    @WebSocketGateway()
    class Gateway implements OnGatewayInit, OnGatewayConnection {
      afterInit() {
        look('init');
      }
      handleConnection() {
        look('connection');
      }
      @SubscribeMessage('look')
      look() {
        look('message');
        return reply('looked');
      }
    }
    const app = await runUnitOfWork({ kind: 'boot' }, () => {
      boot.set('seen');
      return start(kind, { gateways: [Gateway] });
    });
    const client = await connect(kind, app);
    client.send('look');
    await client.next('answer');
    expect(seen).toEqual([
      'init: not seen, none',
      'connection: not seen, ws-connection',
      'message: not seen, ws-message',
    ]);
  });

  it('waits for what handles connecting and leaving, scoped instances included', async () => {
    const events: string[] = [];
    const gate = new Gate();
    @ContextScoped()
    class Presence {
      readonly unit = currentUnit();
      [Symbol.dispose]() {
        events.push('disposed');
      }
    }
    @WebSocketGateway()
    class Gateway implements OnGatewayConnection, OnGatewayDisconnect {
      constructor(private readonly presence: Presence) {}
      async handleConnection(client: { send?: unknown }) {
        await gate.passed;
        events.push(`connected ${this.presence.unit === currentUnit()} ${typeof client}`);
      }
      async handleDisconnect() {
        events.push('leaving');
        for (let i = 0; i < 5; i++) await turn();
        events.push(`left ${this.presence.unit === currentUnit()}`);
      }
    }
    const app = await start(kind, { gateways: [Gateway], providers: [scopedProvider(Presence)] });
    const client = await connect(kind, app);
    client.close();
    await until('it has left', () => events.includes('left true'));
    expect(events).toEqual(['leaving', 'left true']);
    gate.open();
    await until('the unit has ended', () => events.includes('disposed'));
    expect(events).toEqual(['leaving', 'left true', 'connected true object', 'disposed']);
  });

  it('waits for what handles leaving alone, which comes to its end when the client is long gone', async () => {
    const events: string[] = [];
    const gate = new Gate();
    @ContextScoped()
    class Presence {
      readonly unit = currentUnit();
      [Symbol.dispose]() {
        events.push('disposed');
      }
    }
    @WebSocketGateway()
    class Gateway implements OnGatewayDisconnect {
      constructor(private readonly presence: Presence) {}
      async handleDisconnect() {
        events.push('leaving');
        await gate.passed;
        events.push(`left ${this.presence.unit === currentUnit()} ${currentUnit()?.ended}`);
      }
    }
    const app = await start(kind, { gateways: [Gateway], providers: [scopedProvider(Presence)] });
    (await connect(kind, app)).close();
    await until('it is leaving', () => events.length === 1);
    for (let i = 0; i < 5; i++) await turn();
    gate.open();
    await until('its instances are disposed of', () => events.length === 3);
    expect(events).toEqual(['leaving', 'left true false', 'disposed']);
  });

  it('one who is turned away while connecting does not keep its unit open', async () => {
    const units: (UnitOfWork | undefined)[] = [];
    @WebSocketGateway()
    class Gateway implements OnGatewayConnection {
      handleConnection(client: any) {
        units.push(currentUnit());
        if ('terminate' in client) client.close();
        else client.disconnect(true);
      }
    }
    const app = await start(kind, { gateways: [Gateway] });
    await connect(kind, app).catch(() => undefined);
    await until('its unit has ended', () => units[0]?.ended === true);
  });

  it('when the client leaves, the signals of the connection and of running messages abort, and streams are torn down', async () => {
    const events: string[] = [];
    const gate = new Gate();
    const messages: (UnitOfWork | undefined)[] = [];
    let connection: UnitOfWork | undefined;
    @WebSocketGateway()
    class Gateway implements OnGatewayConnection {
      handleConnection() {
        connection = currentUnit();
        user.set('ada');
      }
      @SubscribeMessage('work')
      async work() {
        messages[0] = currentUnit();
        messages[0]?.signal.addEventListener('abort', () => events.push(`aborted, ${user.get()}`));
        await gate.passed;
        events.push(`settled, ended: ${messages[0]?.ended}`);
        return reply('too late');
      }
      @SubscribeMessage('late stream')
      async lateStream() {
        messages[1] = currentUnit();
        await gate.passed;
        return NEVER;
      }
      @SubscribeMessage('stream')
      stream() {
        messages[2] = currentUnit();
        return new Observable(() => () => void events.push(`torn down, ${user.get()}`));
      }
    }
    const app = await start(kind, { gateways: [Gateway] });
    const client = await connect(kind, app);
    for (const event of ['work', 'late stream', 'stream']) client.send(event);
    await until('they run', () => messages.filter((unit) => unit).length === 3);
    client.close();
    await until('the stream has ended', () => messages[2]?.ended === true);
    await until('the connection has ended', () => connection?.ended === true);
    expect(connection?.signal.reason).toMatchObject({ name: 'AbortError' });
    expect(messages[0]?.signal.reason).toMatchObject({
      name: 'AbortError',
      message: expect.stringContaining('client gone'),
    });
    expect([messages[0]?.ended, messages[1]?.ended]).toEqual([false, false]);
    gate.open();
    await until('they have ended', () => messages.every((unit) => unit?.ended));
    expect(events).toEqual(['aborted, ada', 'torn down, ada', 'settled, ended: false']);
  });

  it('several gateways on one server share the unit of the connection', async () => {
    const units = new Set<string | undefined>();
    const left: string[] = [];
    class Base {
      handleConnection() {
        units.add(currentUnit()?.id);
        user.set('ada');
      }
      handleDisconnect() {
        left.push(`${currentUnit()?.ended}`);
      }
    }
    @WebSocketGateway()
    class One extends Base {
      @SubscribeMessage('one') one() {
        return reply(`one for ${user.get()}`);
      }
    }
    @WebSocketGateway()
    class Other extends Base {
      @SubscribeMessage('other') other() {
        return reply(`other for ${user.get()}`);
      }
    }
    const client = await connect(kind, await start(kind, { gateways: [One, Other] }));
    client.send('one');
    expect(await client.next('answer')).toBe('one for ada');
    client.send('other');
    expect(await client.next('answer')).toBe('other for ada');
    expect(units.size).toBe(1);
    client.close();
    await until('both have handled the leaving', () => left.length === 2);
    expect(left).toEqual(['false', 'false']);
  });

  it('takes the correlation id of the handshake, if it is well-formed, for all its messages', async () => {
    @WebSocketGateway()
    class Gateway {
      constructor(private readonly context: RequestContext) {}
      @SubscribeMessage('ids')
      ids() {
        return reply([this.context.correlationId, this.context.id === currentUnit()?.id]);
      }
    }
    const app = await start(kind, { gateways: [Gateway] });
    const ids = async (headers?: Record<string, string>) => {
      const client = await connect(kind, app, headers);
      client.send('ids');
      return client.next('answer');
    };
    expect(await ids({ 'x-correlation-id': 'conversation-1' })).toEqual(['conversation-1', true]);
    expect(await ids({ 'x-request-id': 'request-1' })).toEqual(['request-1', true]);
    const [own] = await ids({ 'x-correlation-id': 'no id' });
    expect(own).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('a function of the options that throws is logged, and the connection has an id of its own', async () => {
    const logger = new MemoryLogger();
    @WebSocketGateway()
    class Gateway {
      constructor(private readonly context: RequestContext) {}
      @SubscribeMessage('id')
      id() {
        return reply(this.context.correlationId);
      }
    }
    const accept = () => {
      throw new Error('no list of partners');
    };
    const app = await start(kind, { gateways: [Gateway], options: { correlationId: { accept }, logger } });
    const client = await connect(kind, app, { 'x-correlation-id': 'partner-1' });
    client.send('id');
    expect(await client.next('answer')).toMatch(/^[0-9a-f-]{36}$/);
    expect(logger.lines.some((line) => line.includes('no list of partners'))).toBe(true);
  });

  it('listeners that are added to the client by hand are in it after bindEmitter', async () => {
    const seen: (string | undefined)[] = [];
    @WebSocketGateway()
    class Gateway implements OnGatewayConnection {
      handleConnection(client: any) {
        user.set('ada');
        bindEmitter(client);
        const name = 'terminate' in client ? 'message' : 'by hand';
        client.on(name, () => seen.push(`${user.get()} ${currentUnit()?.kind}`));
      }
      @SubscribeMessage('by hand')
      taken() {
        return reply(`${user.get()} ${currentUnit()?.kind}`);
      }
    }
    const client = await connect(kind, await start(kind, { gateways: [Gateway] }));
    client.send('by hand');
    expect(await client.next('answer')).toBe('ada ws-message');
    expect(seen).toEqual(['ada ws-connection']);
  });

  it('shutdown waits for messages whose clients it has sent away', async () => {
    const gate = new Gate();
    const events: string[] = [];
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('work')
      async work() {
        const unit = currentUnit();
        unit?.signal.addEventListener('abort', () => {
          events.push('sent away');
          setImmediate(gate.open);
        });
        events.push('working');
        await gate.passed;
        await turn();
        events.push('worked');
      }
    }
    const app = await start(kind, { gateways: [Gateway] });
    const client = await connect(kind, app);
    client.send('work');
    await until('it works', () => events.length === 1);
    await app.close();
    expect(events).toEqual(['working', 'sent away', 'worked']);
  });
});
