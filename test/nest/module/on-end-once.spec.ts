import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect } from 'node:net';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { currentUnit, type RequestEnd, type UnitMessage } from 'nestjs-contextvars';
import { share } from '../../support/share.js';
import { adapters } from '../http/support/adapters.js';
import { requestText } from '../http/support/raw-connection.js';
import { until } from '../http/support/until.js';
import { startApp, stopApps } from './support/running-app.js';

afterEach(stopApps);

const REQUESTS = share(10_000);
const CONNECTIONS = 16;
const ABORTED = 0.1;

@Controller()
class WorkController {
  @Get('quick') quick(): string {
    return 'x'.repeat(200);
  }

  @Get('later') async later(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return 'later';
  }

  @Post('body') body(@Body() body: unknown): unknown {
    return body;
  }
}

const texts = [
  requestText('GET', '/quick'),
  requestText('GET', '/later'),
  requestText('GET', '/nowhere'),
  requestText(
    'POST',
    '/body',
    { 'content-type': 'application/json' },
    JSON.stringify({ a: 'b'.repeat(300) }),
  ),
];

/** The same run every time: a linear congruential generator. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** One request on a connection of its own: answered, or cut off after a random byte, in or out. */
function visit(port: number, next: () => number): Promise<void> {
  const text = texts[Math.floor(next() * texts.length)]!;
  const abort = next() < ABORTED;
  const bytes = Math.floor(next() * (text.length + 200));
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = 0;
    socket.on('connect', () => {
      if (!abort) socket.end(text);
      else if (bytes < text.length) socket.write(text.slice(0, bytes), () => socket.destroy());
      else socket.write(text);
    });
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (abort && received >= bytes - text.length) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

it.each(adapters)(
  `on %s, of ${REQUESTS} requests of which a tenth is aborted at a random byte, each end is reported once`,
  async (adapter) => {
    const started = new Set<string>();
    const ends = new Map<string, number>();
    const outcomes = { completed: 0, failed: 0, aborted: 0 };
    const onStart = (message: unknown) => {
      const { unit } = message as UnitMessage;
      if (unit.kind === 'http') started.add(unit.id);
    };
    subscribe('nestjs-contextvars:unit:start', onStart);
    const app = await startApp(adapter, {
      options: {
        onEnd: (_context, { outcome }: RequestEnd) => {
          const id = currentUnit()!.id;
          ends.set(id, (ends.get(id) ?? 0) + 1);
          outcomes[outcome] += 1;
        },
      },
      controllers: [WorkController],
    });
    const next = random(adapter.length);
    let left = REQUESTS;
    const visitor = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await visit(app.port, next);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, visitor));
    await until('each end was reported', () => ends.size === started.size);
    await app.close();
    unsubscribe('nestjs-contextvars:unit:start', onStart);

    expect(new Set(ends.values())).toEqual(new Set([1]));
    expect([...ends.keys()].sort()).toEqual([...started].sort());
    // Those that were cut off inside their head are no requests yet.
    expect(started.size).toBeGreaterThan(REQUESTS * (1 - ABORTED));
    expect(outcomes.aborted).toBeGreaterThan(100);
    expect(outcomes.failed).toBe(0);
  },
  60_000,
);
