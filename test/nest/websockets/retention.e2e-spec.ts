// A connection may last for weeks: it keeps nothing of its messages, and nothing keeps it when it is over. Needs --expose-gc.

import { setImmediate as macrotask } from 'node:timers/promises';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ContextScoped, ContextVar, currentUnit, scopedProvider } from 'nestjs-contextvars';
import { of } from 'rxjs';
import { stillHeld } from '../../support/collector.js';
import { until } from '../http/support/until.js';
import { connect, start, stop } from './support/gateway-app.js';
import { kinds } from './support/kinds.js';

// What the collector leaves for once differs from run to run. What is really kept is kept each time.
jest.retryTimes(3);

afterEach(stop);

const MESSAGES = 20;

const document = new ContextVar<object>('document');
const refs: WeakRef<object>[] = [];
let connectionRefs: WeakRef<object>[] = [];

@ContextScoped()
class Basket {
  readonly items = [];
}

@WebSocketGateway()
class Gateway {
  constructor(private readonly basket: Basket) {}
  handleConnection() {
    const opened = { of: 'the connection' };
    document.set(opened);
    connectionRefs = [new WeakRef(opened), new WeakRef(currentUnit() as object)];
  }
  @SubscribeMessage('value') value() {
    return this.#remember();
  }
  @SubscribeMessage('promise') async promise() {
    await macrotask();
    return this.#remember();
  }
  @SubscribeMessage('stream') stream() {
    return of(this.#remember());
  }
  @SubscribeMessage('failure') async failure() {
    this.#remember();
    throw new Error('not today');
  }
  #remember() {
    const own = { of: 'the message' };
    document.set(own);
    refs.push(new WeakRef(own), new WeakRef(this.basket.items), new WeakRef(currentUnit() as object));
    return { event: 'answer', data: refs.length };
  }
}

it.each(kinds)('over $name', async (kind) => {
  refs.length = 0;
  const app = await start(kind, { gateways: [Gateway], providers: [scopedProvider(Basket)] });
  const client = await connect(kind, app);
  for (let i = 0; i < MESSAGES; i++) {
    client.send('failure');
    for (const event of ['value', 'promise', 'stream']) {
      client.send(event);
      await client.next('answer');
    }
  }
  expect(refs.length).toBeGreaterThan(MESSAGES * 9);
  // The last of them may still be on its way.
  expect((await stillHeld(refs, 6)).length).toBeLessThanOrEqual(6);
  expect((await stillHeld(connectionRefs, 2)).length).toBe(2);
  const connected = connectionRefs[1]?.deref() as { ended: boolean } | undefined;
  client.close();
  await until('the connection has ended', () => connected?.ended === true);
});

it.each(kinds)('over $name, nothing keeps a connection that is over', async (kind) => {
  const app = await start(kind, { gateways: [Gateway], providers: [scopedProvider(Basket)] });
  const all: WeakRef<object>[] = [];
  for (let i = 0; i < 10; i++) {
    const client = await connect(kind, app);
    client.send('value');
    await client.next('answer');
    all.push(...connectionRefs);
    client.close();
    await until('it has closed', () => client.closed);
  }
  await until('the units have ended', () =>
    all.every((ref) => (ref.deref() as { ended?: boolean } | undefined)?.ended !== false),
  );
  expect((await stillHeld(all, 4)).length).toBeLessThanOrEqual(4);
});
