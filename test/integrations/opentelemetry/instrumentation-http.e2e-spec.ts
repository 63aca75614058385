import { Agent } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type DynamicModule,
  type ExceptionFilter,
  Get,
  HttpException,
  type INestApplication,
  Injectable,
  Param,
  Post,
} from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { ContextModule, createTask, RequestContext, runUnitOfWork } from 'nestjs-contextvars';
import { registerOpenTelemetry, Span, withSpan } from 'nestjs-contextvars/opentelemetry';
import { adapters, createApp, rawOf } from '../../nest/http/support/adapters.js';
import { send } from '../../nest/http/support/http-client.js';
import { until } from '../../nest/http/support/until.js';

import { waysIn } from '../../nest/http/support/ways-in.js';
import { useHttpInstrumentation } from './support/instrumentation-http.js';
import { active, inSpan, sampleNothing, spans, tree, useSdk } from './support/tracing.js';

useSdk();
beforeAll(() => registerOpenTelemetry());
useHttpInstrumentation({
  // Requests are the client's too, in this process.
  disableOutgoingRequestInstrumentation: true,
  ignoreIncomingRequestHook: ({ url }) => url === '/ignored',
});

const traceId = () => trace.getActiveSpan()?.spanContext().traceId;
const order = (id: string | undefined) => ({ 'order.id': id ?? '' });

@Injectable()
class Orders {
  @Span('load', { attributes: order })
  async load(id: string): Promise<string> {
    await setImmediate();
    return withSpan('query', async () => {
      await setImmediate();
      return `order ${id}`;
    });
  }
}

@Controller()
class OrdersController {
  constructor(
    private readonly orders: Orders,
    private readonly context: RequestContext,
  ) {}

  @Get('orders/:id')
  async find(@Param('id') id: string): Promise<unknown> {
    const loaded = await this.orders.load(id);
    void createTask(async () => {
      await setImmediate();
      await withSpan('receipt', () => setImmediate());
      tasks.push([id, traceId()]);
    });
    return { id, loaded, traceId: this.context.traceId, spanId: this.context.spanId, active: active() };
  }

  @Post('orders')
  create(@Body() { id }: { id: string }): Promise<string> {
    return this.orders.load(id);
  }

  @Get('fails/:id')
  fails(): never {
    throw new HttpException('no such order', 404);
  }

  @Get(['excluded', 'ignored'])
  async plain(): Promise<string> {
    await this.orders.load('0');
    return String(active());
  }

  @Get('nested')
  nested(): string {
    return String(runUnitOfWork({ kind: 'other' }, active));
  }
}

const tasks: unknown[] = [];
const ends: { outcome: string; traceId: string | undefined; active: string | undefined }[] = [];
const filtered: unknown[] = [];

@Catch(HttpException)
class Filter implements ExceptionFilter {
  catch(error: HttpException, host: ArgumentsHost): void {
    filtered.push(active());
    const response = rawOf<import('node:http').ServerResponse>(host.switchToHttp().getResponse());
    response.statusCode = error.getStatus();
    response.end(error.message);
  }
}

const root: DynamicModule = {
  module: class AppModule {},
  imports: [
    ContextModule.forRoot({
      exclude: ['excluded'],
      onEnd: (context, { outcome }) =>
        void ends.push({ outcome, traceId: context.traceId, active: active() }),
    }),
  ],
  controllers: [OrdersController],
  providers: [Orders],
};

let app: INestApplication;

beforeEach(() => {
  for (const noted of [tasks, ends, filtered]) noted.splice(0);
});
afterEach(() => app?.close());

describe.each(adapters)('on %s', (adapter) => {
  const start = async () => {
    app = await createApp(adapter, root);
    app.useGlobalFilters(new Filter());
  };

  describe.each(waysIn.filter((way) => way.possible && way.adapters.includes(adapter)))(
    'by way of $name',
    (way) => {
      // Where no server of Node's is, nobody has opened a span for the request.
      const isServed = way.name !== 'inject()' && !way.name.startsWith('a call without');

      // As a test tool or a platform may: in a span that lasts as long as the application does.
      const open = () => inSpan('boot', () => way.open(app, adapter));

      test('the span of the request is active in all of it, and at its end', async () => {
        await start();
        const opened = await open();
        const answer = await opened.send({ path: '/orders/7' });
        await until('the task has ended', () => tasks.length === 1);
        await until('the request has ended', () => ends.length === 1);
        const { traceId: shown, spanId, active: within, loaded } = JSON.parse(answer.text);
        const request = spans().find(({ name }) => name.startsWith('GET'));

        expect(loaded).toBe('order 7');
        const parts = ['load', '  query', 'receipt'];
        if (isServed) {
          expect(tree()).toEqual(['boot (open)', 'GET', ...parts.map((line) => `  ${line}`)]);
          expect([shown, spanId, within]).toEqual([...idsOf(request), 'GET']);
          expect(tasks).toEqual([['7', shown]]);
          expect(ends).toEqual([{ outcome: 'completed', traceId: shown, active: 'GET' }]);
        } else {
          expect(tree()).toEqual(['boot (open)', ...parts]);
          expect([shown, within]).toEqual([undefined, undefined]);
          expect(ends).toEqual([{ outcome: 'completed' }]);
        }
        await opened.close?.();
      });

      test('a body, an error and its filter', async () => {
        await start();
        const opened = await open();
        const headers = { 'content-type': 'application/json' };
        const created = await opened.send({ path: '/orders', method: 'POST', headers, body: '{"id":"8"}' });
        const failed = await opened.send({ path: '/fails/9' });
        expect([created.text, failed.text]).toEqual(['order 8', 'no such order']);
        if (isServed) {
          expect(tree()).toEqual(['boot (open)', 'POST', '  load', '    query', 'GET']);
          expect(filtered).toEqual(['GET']);
        } else {
          expect(tree()).toEqual(['boot (open)', 'load', '  query']);
          expect(filtered).toEqual([undefined]);
        }
        await opened.close?.();
      });

      test('an excluded request, one that is not to be traced, and a unit of work within one', async () => {
        await start();
        const opened = await open();
        const text = async (path: string) => (await opened.send({ path })).text;
        expect(await text('/excluded')).toBe(isServed ? 'GET' : 'undefined');
        if (isServed) expect(tree()).toEqual(['boot (open)', 'GET', '  load', '    query']);
        const before = spans().length;
        expect(await text('/ignored')).toBe('undefined');
        if (isServed) expect(spans().length).toBe(before);
        expect(await text('/nested')).toBe('undefined');
        await opened.close?.();
      });
    },
  );

  test('overlapping requests on connections that are kept alive each have their own trace', async () => {
    await start();
    await inSpan('boot', () => app.listen(0, '127.0.0.1'));
    const { port } = app.getHttpServer().address() as { port: number };
    const agent = new Agent({ keepAlive: true, maxSockets: 3 });
    const ids = Array.from({ length: 30 }, (_, i) => String(i));
    const answers = await Promise.all(ids.map((id) => send({ port, agent }, { path: `/orders/${id}` })));
    agent.destroy();
    await until('all tasks have ended', () => tasks.length === ids.length);
    const seen = answers.map(({ text }) => JSON.parse(text));
    const ended = () => new Set(ends.map((end) => end.traceId));
    await until('all requests have ended', () => seen.every((answer) => ended().has(answer.traceId)));

    expect(seen.map(({ id }) => id)).toEqual(ids);
    const traces = new Map(seen.map((answer) => [answer.id as string, answer.traceId as string]));
    expect(new Set(traces.values()).size).toBe(ids.length);
    expect(new Map(tasks as [string, string][])).toEqual(traces);
    // Each load is in the trace of the request for its order.
    const loads = spans().filter(({ name }) => name === 'load');
    expect(new Map(loads.map((span) => [span.attributes['order.id'], span.spanContext().traceId]))).toEqual(
      traces,
    );
    const request = ['GET', '  load', '    query', '  receipt'];
    expect(tree()).toEqual(['boot (open)', ...ids.flatMap(() => request)]);
  });

  test('a request that is not sampled is not in parts either', async () => {
    sampleNothing();
    await start();
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    const answer = await send({ port }, { path: '/orders/1' });
    await until('the request has ended', () => ends.length === 1);
    const { traceId: shown } = JSON.parse(answer.text);
    expect(shown).toMatch(/^[0-9a-f]{32}$/);
    expect(ends).toMatchObject([{ traceId: shown }]);
    expect(spans()).toEqual([]);
  });

  test('the sender of the request is the parent', async () => {
    await start();
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    const answer = await send({ port }, { path: '/orders/1', headers });
    expect(JSON.parse(answer.text).traceId).toBe('a'.repeat(32));
  });
});

function idsOf(span: ReadableSpan | undefined): unknown[] {
  const { traceId, spanId } = (span as ReadableSpan).spanContext();
  return [traceId, spanId];
}
