import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { Controller, Get, type INestApplication, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { currentUnit, RequestContext, type RequestEnd, type UnitOfWork } from 'nestjs-contextvars';
import { adapters, rawOf } from '../http/support/adapters.js';
import { Gate } from '../http/support/gate.js';
import { RawConnection, requestText } from '../http/support/raw-connection.js';
import { until } from '../http/support/until.js';
import { type RunningApp, startApp, stopApps } from './support/running-app.js';

afterEach(stopApps);

// What counts as a handler that has settled, and what as one request.

let started: Gate<UnitOfWork>;
let release: Gate;
let seen: unknown[];
beforeEach(() => {
  started = new Gate();
  release = new Gate();
  seen = [];
});

@Controller()
class AnswersController {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly context: RequestContext,
  ) {}

  @Get('early') async early(@Res() response: unknown): Promise<void> {
    this.host.httpAdapter.reply(response, 'early', 202);
    const unit = currentUnit()!;
    started.open(unit);
    await release.passed;
    seen.push(unit.ended, this.context.request !== undefined);
  }

  @Get('looks') looks(@Req() request: object): string {
    const raw = rawOf<IncomingMessage>(request);
    return inspect([raw, Object.keys(raw), { ...raw }], { depth: 1 });
  }

  @Get('batch') async batch(@Req() request: object): Promise<void> {
    const raw = rawOf<IncomingMessage>(request);
    const server = this.host.httpAdapter.getHttpServer() as Server;
    for (const url of ['/part/one', '/part/two']) {
      const part = Object.assign(new IncomingMessage(raw.socket), { ...raw, url });
      server.emit('request', part, new ServerResponse(part));
    }
    await until('both parts were handled', () => seen.length === 2);
    seen.push(this.context.id);
  }

  @Get('part/:name') part(@Req() request: object): string {
    rawOf<IncomingMessage>(request).emit('custom');
    seen.push(this.context.id);
    return this.context.id;
  }
}

describe.each(adapters)('on %s', (adapter) => {
  const ends: RequestEnd[] = [];
  beforeEach(() => {
    ends.length = 0;
  });
  const start = (configure?: (app: INestApplication) => unknown): Promise<RunningApp> =>
    startApp(adapter, {
      options: { onEnd: (_context, end) => void ends.push(end) },
      controllers: [AnswersController],
      configure,
    });

  it('a handler that answers through the adapter and goes on has not settled', async () => {
    const app = await start();
    expect((await app.get('/early')).text).toBe('early');
    const unit = await started.passed;
    await new Promise((resolve) => setTimeout(resolve, 20));
    release.open();
    await until('the unit of work ended', () => unit.ended);
    expect(seen).toEqual([false, true]);
    expect(ends).toMatchObject([{ outcome: 'completed', status: 202 }]);
  });

  it('a route of the adapter that calls back has not settled before, though its client has left', async () => {
    const app = await start((created) =>
      created
        .getHttpAdapter()
        .get('/called-back', (_request: unknown, response: { send(body: string): void }) => {
          const unit = currentUnit()!;
          started.open(unit);
          void release.passed.then(() => {
            seen.push(unit.ended);
            response.send('called back');
          });
        }),
    );
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/called-back'));
    const unit = await started.passed;
    await client.leave();
    await until('the signal aborted', () => unit.signal.aborted);
    await new Promise((resolve) => setTimeout(resolve, 20));
    release.open();
    await until('the unit of work ended', () => unit.ended);
    expect(seen).toEqual([false]);
    expect(ends).toMatchObject([{ outcome: 'aborted' }]);
  });

  it('nothing of ours is shown with a request', async () => {
    const app = await start();
    expect((await app.get('/looks')).text).not.toMatch(/exchange|nestjs-contextvars/i);
  });

  it('a copy of a request is a request of its own', async () => {
    const app = await start();
    expect((await app.get('/batch')).status).toBe(200);
    expect(new Set(seen).size).toBe(3);
  });
});
