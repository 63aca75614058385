// What graphql-ws drops without a word to onError or onComplete is over all the same. Needs --expose-gc.

import { subscribe as listen, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Query, Resolver, Subscription } from '@nestjs/graphql';
import type { UnitOfWork } from 'nestjs-contextvars';
import type { WebSocket } from 'ws';
import { collectUntil } from '../../support/collector.js';
import { RecordingLogger } from '../http/support/recording-logger.js';
import { until } from '../http/support/until.js';
import type { RunningApp } from '../module/support/running-app.js';
import { connectBare, type GraphqlParts, start, stop } from './support.js';

// What the collector leaves for once differs from run to run. What is really kept is kept each time.
jest.retryTimes(3);

const CONNECTIONS = 6;

@Resolver()
class Nothing {
  @Query(() => String) nothing() {
    return '';
  }
  @Subscription(() => String) async *news() {
    yield { news: '' };
  }
}

interface Dropped {
  readonly what: string;
  readonly query: string;
  readonly graphql?: () => GraphqlParts['graphql'];
}

const failure = () => {
  throw new Error('not today');
};
const withHooks = (hooks: object) => ({ subscriptions: { 'graphql-ws': hooks } }) as GraphqlParts['graphql'];

let socket: WebSocket;

/** Its client leaves while onSubscribe runs, which goes on when that is known. */
function leaving(): GraphqlParts['graphql'] {
  let known: () => void;
  return withHooks({
    onSubscribe: async () => {
      const left = new Promise<void>((resolve) => {
        known = resolve;
      });
      socket.terminate();
      await left;
    },
    onClose: () => known(),
  });
}

const dropped: Dropped[] = [
  { what: 'with a syntax error', query: '{ nothing' },
  {
    what: 'whose onSubscribe throws',
    query: '{ nothing }',
    graphql: () => withHooks({ onSubscribe: failure }),
  },
  {
    what: 'whose onSubscribe rejects',
    query: '{ nothing }',
    graphql: () => withHooks({ onSubscribe: async () => failure() }),
  },
  { what: 'whose context function throws', query: '{ nothing }', graphql: () => ({ context: failure }) },
  {
    what: 'whose onOperation throws',
    query: 'subscription { news }',
    graphql: () => withHooks({ onOperation: failure }),
  },
  { what: 'that is invalid, and whose client has left by then', query: '{ unknown }', graphql: leaving },
  { what: 'that is malformed, and whose client has left by then', query: '{ nothing', graphql: leaving },
];

class WarningLogger extends RecordingLogger {
  readonly warnings: string[] = [];
  override warn(message?: unknown): void {
    this.warnings.push(String(message));
  }
}

/** By kind, without keeping them. */
let units: { kind: string; ref: WeakRef<UnitOfWork> }[];
const note = (message: unknown) => {
  const { unit } = message as { unit: UnitOfWork };
  units.push({ kind: unit.kind, ref: new WeakRef(unit) });
};
const unended = () => units.filter(({ ref }) => ref.deref()?.ended === false).map(({ kind }) => kind);
const kept = () => units.filter(({ ref }) => ref.deref() !== undefined).map(({ kind }) => kind);

const { error: say } = console;
beforeEach(() => {
  units = [];
  listen('nestjs-contextvars:unit:start', note);
  // graphql-ws says there what it closes a connection for. No spy, which would keep that, and the units with it.
  console.error = () => {};
});
afterEach(async () => {
  unsubscribe('nestjs-contextvars:unit:start', note);
  await stop();
  console.error = say;
});

/** Sends the query over a connection of its own, and waits until that has been closed. */
async function send(app: RunningApp, query: string): Promise<void> {
  socket = await connectBare(app);
  const closed = once(socket, 'close');
  socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload: { query } }));
  await closed;
}

describe('an operation', () => {
  it.each(dropped)('$what ends, is not kept, and does not hold shutdown up', async ({ query, graphql }) => {
    const logger = new WarningLogger();
    const app = await start({
      resolvers: [Nothing],
      options: { shutdown: { timeoutMs: 300 } },
      logger,
      ...(graphql && { graphql: graphql() as NonNullable<GraphqlParts['graphql']> }),
    });
    for (let i = 0; i < CONNECTIONS; i++) await send(app, query);
    const opened = units.map(({ kind }) => kind);
    expect(opened.filter((kind) => kind === 'graphql-operation')).toHaveLength(CONNECTIONS);
    await until('all have ended', () => unended().length === 0);
    // The last of them may still be on its way.
    await collectUntil(() => kept().length <= 4);
    expect(kept().length).toBeLessThanOrEqual(4);
    await app.close();
    expect(logger.warnings).toEqual([]);
  });
});

it('each listener of a socket is called as the socket calls it: in its order, on it, and `once` only once', async () => {
  const said: string[] = [];
  const onConnect = ({ extra }: { extra: { socket: WebSocket } }) => {
    extra.socket.once('message', () => said.push('once'));
    extra.socket.on('message', async function (this: unknown, data: unknown) {
      said.push(`${this === extra.socket} ${JSON.parse(String(data)).type}`);
    });
  };
  const app = await start({ resolvers: [Nothing], graphql: withHooks({ onConnect }) as object });
  socket = await connectBare(app);
  for (const type of ['ping', 'pong']) socket.send(JSON.stringify({ type }));
  await until('both have come', () => said.length === 3);
  expect(said).toEqual(['once', 'true ping', 'true pong']);
  socket.terminate();
});
