// Adapters that are not Nest's own.

import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ContextVar, currentUnit, type UnitOfWork } from 'nestjs-contextvars';
import { from, map } from 'rxjs';
import type { WebSocket } from 'ws';
import { until } from '../http/support/until.js';
import { connect, start, stop } from './support/gateway-app.js';
import { type Kind, plain } from './support/kinds.js';

afterEach(stop);

const user = new ContextVar<string>('user', { default: 'nobody' });
let connection: UnitOfWork | undefined;
let message: UnitOfWork | undefined;

@WebSocketGateway()
class Gateway implements OnGatewayConnection {
  handleConnection() {
    connection = currentUnit();
    user.set('ada');
  }
  @SubscribeMessage('who')
  async who() {
    message = currentUnit();
    const before = user.get();
    user.set('set by a message');
    return { event: 'answer', data: before };
  }
}

const withAdapter = (Adapter: new (app: INestApplication) => WsAdapter): Kind => ({
  ...plain,
  adapt: (app) => void app.useWebSocketAdapter(new Adapter(app)),
});

async function ask(kind: Kind) {
  const app = await start(kind, { gateways: [Gateway] });
  const client = await connect(kind, app);
  for (let i = 0; i < 2; i++) {
    client.send('who');
    expect(await client.next('answer')).toBe('ada');
  }
  return { app, client };
}

it('one with a single place for who is told of the leaving', async () => {
  class SingleSlot extends WsAdapter {
    override bindClientDisconnect(client: WebSocket, callback: () => void) {
      client.onclose = callback;
    }
  }
  const { client } = await ask(withAdapter(SingleSlot));
  client.close();
  await until('the connection has ended', () => connection?.ended === true);
});

it('one that does not say who has left: the connection ends with the application', async () => {
  class Silent extends WsAdapter {}
  Object.defineProperty(Silent.prototype, 'bindClientDisconnect', { value: undefined });
  const { app, client } = await ask(withAdapter(Silent));
  client.close();
  await until('the client has closed', () => client.closed);
  expect(connection?.ended).toBe(false);
  await app.close();
  await until('the connection has ended', () => connection?.ended === true);
});

it('one that subscribes to the answer by itself', async () => {
  class Own extends WsAdapter {
    override bindMessageHandlers(client: any, handlers: Parameters<WsAdapter['bindMessageHandlers']>[1]) {
      client.on('message', (data: unknown) => {
        const { event } = JSON.parse(String(data));
        const handler = handlers.find(({ message }) => message === event);
        from(handler?.callback(undefined) ?? [])
          .pipe(map((answer) => JSON.stringify(answer)))
          .subscribe((text) => client.send(text));
      });
    }
  }
  await ask(withAdapter(Own));
  await until('the message has ended', () => message?.ended === true);
});
