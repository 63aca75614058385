import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Controller, ForbiddenException, Get, NotFoundException, Res, UseGuards } from '@nestjs/common';
import { ClsServiceManager } from 'nestjs-cls';
import {
  ContextVar,
  currentUnit,
  type RequestContext,
  type RequestEnd,
  type UnitOfWork,
} from 'nestjs-contextvars';
import { adapters, rawOf } from '../http/support/adapters.js';
import { Gate } from '../http/support/gate.js';
import { RawConnection, requestText } from '../http/support/raw-connection.js';
import { until } from '../http/support/until.js';
import { MemoryLogger } from './support/memory-logger.js';
import { startApp, stopApps } from './support/running-app.js';

afterEach(stopApps);

const steps = new ContextVar<string[]>('steps');

class Handlers {
  started = new Gate<UnitOfWork>();
  release = new Gate();
  closed: string[] = [];
}
let handlers: Handlers;
beforeEach(() => {
  handlers = new Handlers();
});

@Controller()
class EndController {
  @Get('ok') ok(): string {
    return 'ok';
  }

  @Get('boom') boom(): never {
    throw new Error('boom');
  }

  @Get('missing') async missing(): Promise<never> {
    throw new NotFoundException('no such order');
  }

  @Get('refused')
  @UseGuards({ canActivate: () => false })
  refused(): void {}

  @Get('guard-fails')
  @UseGuards({
    canActivate: () => {
      throw new Error('guard');
    },
  })
  guardFails(): void {}

  @Get('slow') async slow(): Promise<string> {
    handlers.started.open(currentUnit()!);
    await handlers.release.passed;
    return 'slow';
  }

  @Get('slow-boom') async slowBoom(): Promise<never> {
    handlers.started.open(currentUnit()!);
    await handlers.release.passed;
    throw new Error('too late');
  }

  @Get('listener') listener(@Res({ passthrough: true }) response: object): string {
    rawOf<ServerResponse>(response).on('close', () =>
      handlers.closed.push(`listener ${currentUnit()?.ended}`),
    );
    return 'ok';
  }

  @Get('outlives') async outlives(@Res() response: object): Promise<void> {
    rawOf<ServerResponse>(response).end('sent');
    await once(rawOf<ServerResponse>(response), 'close');
    handlers.started.open(currentUnit()!);
    await handlers.release.passed;
    throw new ForbiddenException('after the response');
  }
}

describe.each(adapters)('on %s, onEnd', (adapter) => {
  const ends: RequestEnd[] = [];
  beforeEach(() => {
    ends.length = 0;
  });
  const start = (onEnd = async (_context: RequestContext, end: RequestEnd) => void ends.push(end)) =>
    startApp(adapter, { options: { onEnd, logger: false }, controllers: [EndController] });
  const ended = (count = 1) => until(`${count} ends were reported`, () => ends.length >= count);

  it.each<[string, string, Partial<RequestEnd>]>([
    ['an answer', '/ok', { outcome: 'completed', status: 200, error: undefined }],
    ['an error', '/boom', { outcome: 'failed', status: 500, error: new Error('boom') }],
    [
      'an HttpException',
      '/missing',
      { outcome: 'failed', status: 404, error: new NotFoundException('no such order') },
    ],
    ['a guard that refuses', '/refused', { outcome: 'completed', status: 403, error: undefined }],
    ['a guard that fails', '/guard-fails', { outcome: 'failed', status: 500, error: undefined }],
    ['no route', '/nowhere', { outcome: 'completed', status: 404, error: undefined }],
  ])('is told of %s, once', async (_, path, expected) => {
    const app = await start();
    await app.get(path);
    await ended();
    await app.close();
    expect(ends).toEqual([{ ...expected, durationMs: expect.any(Number) }]);
    expect(ends[0]?.durationMs).toBeGreaterThan(0);
  });

  it('runs in the context of the request, where everything can still be read', async () => {
    const seen: unknown[] = [];
    const app = await startApp(adapter, {
      options: {
        setup: (context) => void context.set(steps, ['setup']),
        onEnd: async (context) => {
          const look = () => [
            context.id,
            context.get(steps),
            (context.request as { method: string }).method,
            currentUnit()?.kind,
            currentUnit()?.ended,
            ClsServiceManager.getClsService().getId(),
          ];
          seen.push(look());
          await new Promise(setImmediate);
          seen.push(look());
        },
      },
      controllers: [EndController],
    });
    await app.get('/ok', { 'x-request-id': 'r1' });
    await until('the end was reported', () => seen.length === 2);
    const all = ['r1', ['setup'], 'GET', 'http', false, 'r1'];
    expect(seen).toEqual([all, all]);
  });

  it('runs after the close listeners of the response', async () => {
    const app = await start(async () => void handlers.closed.push('onEnd'));
    await app.get('/listener');
    await until('the end was reported', () => handlers.closed.length === 2);
    expect(handlers.closed).toEqual(['listener false', 'onEnd']);
  });

  it('is awaited before the unit of work is released, and shutdown waits for it', async () => {
    const units: { ended: boolean }[] = [];
    const gate = new Gate();
    const app = await start(async () => {
      units.push(currentUnit()!);
      await gate.passed;
      units.push(currentUnit()!);
    });
    await app.get('/ok');
    await until('the end began', () => units.length === 1);
    let closed = false;
    const closing = app.close().then(() => {
      closed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([closed, units[0]?.ended]).toEqual([false, false]);
    gate.open();
    await closing;
    await until('the unit was released', () => units[0]?.ended === true);
    expect(units).toHaveLength(2);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('end failed');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('end failed');
      },
    ],
  ])('that %s is logged, and harms nothing', async (_, onEnd) => {
    const logger = new MemoryLogger();
    const app = await startApp(adapter, { options: { onEnd, logger }, controllers: [EndController] });
    const { headers } = await app.get('/ok');
    expect((await app.get('/ok')).status).toBe(200);
    await app.close();
    expect(logger.lines).toHaveLength(2);
    expect(logger.lines[0]).toBe(
      `error: Error in onEnd of the request ${headers['x-request-id']}: Error: end failed`,
    );
  });

  it('is told of a client that leaves in the middle of a handler, when that has settled', async () => {
    const app = await start();
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/slow'));
    const unit = await handlers.started.passed;
    await client.leave();
    await until('the server noticed', () => unit.signal.aborted);
    expect(ends).toEqual([]);
    handlers.release.open();
    await ended();
    expect(ends).toEqual([
      { outcome: 'aborted', status: undefined, error: undefined, durationMs: expect.any(Number) },
    ]);
  });

  it('of an aborted request too, it has the error of the handler', async () => {
    const app = await start();
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/slow-boom'));
    const unit = await handlers.started.passed;
    await client.leave();
    await until('the server noticed', () => unit.signal.aborted);
    handlers.release.open();
    await ended();
    expect(ends).toMatchObject([{ outcome: 'aborted', status: undefined, error: { message: 'too late' } }]);
  });

  it('of a handler that outlives its response, it is told when the handler has settled', async () => {
    const app = await start();
    expect((await app.get('/outlives')).text).toBe('sent');
    await handlers.started.passed;
    expect(ends).toEqual([]);
    handlers.release.open();
    await ended();
    expect(ends).toMatchObject([
      { outcome: 'failed', status: 200, error: { message: 'after the response' } },
    ]);
  });

  it('is told of each pipelined request on a connection that closes, also of those still waiting for their turn', async () => {
    const app = await start();
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/slow') + requestText('GET', '/ok').repeat(15));
    const unit = await handlers.started.passed;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await client.leave();
    await until('the server noticed', () => unit.signal.aborted);
    handlers.release.open();
    await ended(16);
    await app.close();
    expect(ends).toHaveLength(16);
    expect(ends.map(({ outcome }) => outcome)).toEqual(Array(16).fill('aborted'));
  });

  it('is told of each pipelined request that is answered, once', async () => {
    const app = await start();
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/ok').repeat(15));
    await ended(15);
    await client.leave();
    await app.close();
    expect(ends.map(({ outcome }) => outcome)).toEqual(Array(15).fill('completed'));
  });

  it('is told of a body that is cut off', async () => {
    const app = await start();
    const client = await RawConnection.open(app.port);
    client.write(
      'POST /ok HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{"a"',
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    await client.leave();
    await ended();
    expect(ends).toMatchObject([{ outcome: 'aborted', status: undefined }]);
  });
});
