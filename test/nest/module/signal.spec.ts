import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Controller, Get, type MessageEvent, Res, Sse, UseInterceptors } from '@nestjs/common';
import { currentUnit, type RequestEnd, type UnitOfWork } from 'nestjs-contextvars';
import { concat, NEVER, type Observable, of } from 'rxjs';
import { adapters, rawOf } from '../http/support/adapters.js';
import { Gate } from '../http/support/gate.js';
import { RawConnection, requestText } from '../http/support/raw-connection.js';
import { until } from '../http/support/until.js';
import { startApp, stopApps } from './support/running-app.js';

afterEach(stopApps);

let unit: UnitOfWork;
let started: Gate;
let release: Gate;
let signalled: unknown[];
beforeEach(() => {
  started = new Gate();
  release = new Gate();
  signalled = [];
});

function begin(): void {
  unit = currentUnit()!;
  unit.signal.addEventListener('abort', () => signalled.push(currentUnit() === unit));
  started.open();
}

@Controller()
class SlowController {
  @Get('slow') async slow(): Promise<string> {
    begin();
    await release.passed;
    return 'slow';
  }

  @Get('gone') async gone(@Res() response: object): Promise<void> {
    rawOf<ServerResponse>(response).end('sent');
    await once(rawOf<ServerResponse>(response), 'close');
    begin();
    await new Promise(() => {});
  }

  @Get('never') async never(): Promise<void> {
    begin();
    await new Promise(() => {});
  }

  @Get('abortable') async abortable(): Promise<string> {
    begin();
    await once(unit.signal, 'abort');
    return `answered after ${unit.signal.reason.name}`;
  }

  @Get('quick') quick(): string {
    begin();
    return 'quick';
  }

  @Sse('events') events(): Observable<MessageEvent> {
    begin();
    return concat(of({ data: 'first' }), NEVER);
  }

  @Sse('silent') silent(): Observable<MessageEvent> {
    begin();
    return NEVER;
  }

  @Get('skipped')
  @UseInterceptors({ intercept: () => of('instead') })
  skipped(): void {}
}

describe.each(adapters)('on %s', (adapter) => {
  const ends: RequestEnd[] = [];
  beforeEach(() => {
    ends.length = 0;
  });
  const start = (timeoutMs?: number) =>
    startApp(adapter, {
      options: {
        ...(timeoutMs && { handler: { timeoutMs } }),
        onEnd: (_context, end) => void ends.push(end),
      },
      controllers: [SlowController],
    });
  const isEnded = () => until('the unit of work ended', () => unit.ended);

  it('the signal aborts as soon as the client leaves, while the unit of work lasts', async () => {
    const app = await start();
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/slow'));
    await started.passed;
    expect(unit.signal.aborted).toBe(false);
    await client.leave();
    await until('the signal aborted', () => unit.signal.aborted);
    expect(unit.signal.reason).toMatchObject({
      name: 'AbortError',
      message: expect.stringMatching(/^client closed/),
    });
    expect([unit.ended, signalled]).toEqual([false, [true]]);
    release.open();
    await isEnded();
    expect(ends).toMatchObject([{ outcome: 'aborted', error: undefined }]);
  });

  it('the signal of a request that is answered aborts at its end only', async () => {
    const app = await start(5_000);
    await app.get('/quick');
    await isEnded();
    expect(unit.signal.reason).toMatchObject({ code: 'ERR_SCOPE_ENDED' });
    expect(ends).toMatchObject([{ outcome: 'completed', error: undefined }]);
  });

  it('at the limit of a handler its signal aborts, names the limit, and it can still answer', async () => {
    const app = await start(30);
    expect((await app.get('/abortable')).text).toBe('answered after TimeoutError');
    await isEnded();
    expect(unit.signal.reason.message).toBe('The handler did not settle within handler.timeoutMs (30 ms)');
    expect(signalled).toEqual([true]);
    expect(ends).toMatchObject([{ outcome: 'completed', status: 200, error: undefined }]);
  });

  it('at the limit of a handler whose response has closed, the unit of work ends', async () => {
    const app = await start(60);
    expect((await app.get('/gone')).text).toBe('sent');
    await started.passed;
    await isEnded();
    expect(ends).toMatchObject([{ outcome: 'failed', status: 200, error: { name: 'TimeoutError' } }]);
  });

  it('where the limit was reached first, the unit of work ends when the client leaves', async () => {
    const app = await start(20);
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/never'));
    await started.passed;
    await until('the signal aborted', () => unit.signal.aborted);
    expect(unit.ended).toBe(false);
    await client.leave();
    await isEnded();
    expect(unit.signal.reason.name).toBe('TimeoutError');
    expect(ends).toMatchObject([{ outcome: 'aborted', status: undefined, error: { name: 'TimeoutError' } }]);
  });

  it('middleware that neither answers nor goes on is under the limit from when the client leaves', async () => {
    const app = await startApp(adapter, {
      options: { handler: { timeoutMs: 20 }, onEnd: (_context, end) => void ends.push(end) },
      configure: (app) => app.use(() => begin()),
    });
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', '/anything'));
    await started.passed;
    await client.leave();
    await isEnded();
    expect(ends).toMatchObject([{ outcome: 'aborted' }]);
  });

  it.each([
    ['with events', '/events'],
    ['in which nothing happens yet', '/silent'],
  ])('a stream %s has begun, and is under no limit', async (_, path) => {
    const app = await start(30);
    const client = await RawConnection.open(app.port);
    client.write(requestText('GET', path));
    await started.passed;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect([unit.signal.aborted, unit.ended]).toEqual([false, false]);
    await client.leave();
    await isEnded();
    expect(unit.signal.reason.name).toBe('AbortError');
    expect(ends).toMatchObject([{ outcome: 'aborted' }]);
  });

  it('an interceptor that answers instead of the handler is a handler that has settled', async () => {
    const app = await start();
    expect((await app.get('/skipped')).text).toBe('instead');
    await until('the end was reported', () => ends.length === 1);
    expect(ends).toMatchObject([{ outcome: 'completed', status: 200 }]);
  });
});
