// What Socket.IO has and plain WebSockets have not: acknowledgements and namespaces.

import { Ack, ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ContextVar, currentUnit, type UnitOfWork } from 'nestjs-contextvars';
import { of } from 'rxjs';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';
import type { RunningApp } from '../module/support/running-app.js';
import { start, stop } from './support/gateway-app.js';
import { ioSocket, socketIo } from './support/kinds.js';

const kind = socketIo('socket.io', {});
const sockets = new Set<ReturnType<typeof ioSocket>>();

afterEach(async () => {
  for (const socket of sockets) socket.close();
  sockets.clear();
  await stop();
});

async function open(app: RunningApp, namespace?: string) {
  const socket = ioSocket(app.port, { transports: ['websocket'] }, namespace);
  sockets.add(socket);
  await new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(undefined));
    socket.once('connect_error', reject);
  });
  return socket;
}

const user = new ContextVar<string>('user', { default: 'nobody' });

describe('acknowledgements', () => {
  const ended: boolean[] = [];
  const gate = new Gate();

  @WebSocketGateway()
  class Gateway {
    @SubscribeMessage('value')
    value(@MessageBody() name: string) {
      user.set(name);
      return user.get();
    }
    @SubscribeMessage('promise')
    async promise(@MessageBody() name: string) {
      user.set(name);
      await gate.passed;
      return user.get();
    }
    @SubscribeMessage('stream')
    stream(@MessageBody() name: string) {
      user.set(name);
      return of(user.get());
    }
    @SubscribeMessage('by hand')
    async byHand(@MessageBody() name: string, @Ack() ack: (answer: unknown) => void) {
      user.set(name);
      const unit = currentUnit();
      await new Promise(setImmediate);
      ack(user.get());
      ended.push(unit?.ended === true);
    }
    @SubscribeMessage('client')
    client(@ConnectedSocket() socket: { id: string }) {
      return socket.id;
    }
  }

  it('answer in the context of their message', async () => {
    const socket = await open(await start(kind, { gateways: [Gateway] }));
    const slow = ['a', 'b'].map((name) => socket.emitWithAck('promise', name));
    expect(await socket.emitWithAck('value', 'c')).toBe('c');
    expect(await socket.emitWithAck('stream', 'd')).toBe('d');
    expect(await socket.emitWithAck('by hand', 'e')).toBe('e');
    expect(await socket.emitWithAck('client')).toBe(socket.id);
    gate.open();
    expect(await Promise.all(slow)).toEqual(['a', 'b']);
    expect(ended).toEqual([false]);
  });
});

describe('namespaces', () => {
  const units = new Map<string, UnitOfWork | undefined>();
  const connected = (namespace: string) => {
    units.set(namespace, currentUnit());
    user.set(`user of ${namespace}`);
  };

  @WebSocketGateway()
  class Main {
    handleConnection() {
      connected('main');
    }
    @SubscribeMessage('who') who() {
      return user.get();
    }
  }
  @WebSocketGateway({ namespace: 'admin' })
  class Admin {
    handleConnection() {
      connected('admin');
    }
    @SubscribeMessage('who') who() {
      return user.get();
    }
  }

  it('are connections of their own, on one socket too', async () => {
    const app = await start(kind, { gateways: [Main, Admin] });
    const main = await open(app);
    const admin = main.io.socket('/admin');
    sockets.add(admin);
    admin.connect();
    await new Promise((resolve) => admin.once('connect', () => resolve(undefined)));
    expect(await main.emitWithAck('who')).toBe('user of main');
    expect(await admin.emitWithAck('who')).toBe('user of admin');
    admin.close();
    await until('the connection of the namespace has ended', () => units.get('admin')?.ended === true);
    expect(units.get('main')?.ended).toBe(false);
    expect(await main.emitWithAck('who')).toBe('user of main');
  });
});
