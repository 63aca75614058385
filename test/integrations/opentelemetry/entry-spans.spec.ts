import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { context, ROOT_CONTEXT, type Span, SpanKind, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { bindContext, runUnitOfWork } from 'nestjs-contextvars/core';
import { registerOpenTelemetry, withSpan } from 'nestjs-contextvars/opentelemetry';
import { addErrorReporter, outsideUnits } from '../../../src/core/internal.js';
import { active, inSpan, sampleNothing, spans, tree, useSdk } from './support/tracing.js';

// A unit of work that begins empty keeps a span that an instrumentation has opened for it, and no other.

useSdk();
beforeAll(() => registerOpenTelemetry());

const unit = <R>(fn: () => R, kind = 'work'): R => runUnitOfWork({ kind }, fn);

describe('in a span of kind', () => {
  test.each([
    ['SERVER', SpanKind.SERVER, true],
    ['CONSUMER', SpanKind.CONSUMER, true],
    ['INTERNAL', SpanKind.INTERNAL, false],
    ['CLIENT', SpanKind.CLIENT, false],
    ['PRODUCER', SpanKind.PRODUCER, false],
  ])('%s', async (name, kind, isKept) => {
    await inSpan(
      name,
      async (span) => {
        await unit(async () => {
          await null;
          withSpan('inside', () => {});
        });
        span.end();
      },
      { kind },
    );
    expect(tree()).toEqual(isKept ? [name, '  inside'] : [name, 'inside']);
  });
});

const server = { kind: SpanKind.SERVER };

test('one that has ended is not kept: it was left behind', () => {
  inSpan(
    'request',
    (span) => {
      span.end();
      expect(unit(active)).toBeUndefined();
    },
    server,
  );
});

test('that of the unit of work around belongs to that one', () => {
  inSpan(
    'request',
    () => {
      unit(() => {
        expect(active()).toBe('request');
        expect(unit(active)).toBeUndefined();
        withSpan('inside', () => expect(unit(active)).toBeUndefined());
        const bound = bindContext(() => unit(active));
        expect(unit(bound)).toBeUndefined();
      });
    },
    server,
  );
});

test('a message that is handled within another one has its own', () => {
  inSpan(
    'first',
    () =>
      unit(() => {
        inSpan('second', () => expect(unit(active)).toBe('second'), { kind: SpanKind.CONSUMER });
        expect(active()).toBe('first');
      }),
    server,
  );
});

test('one that only says who has sent the work is kept', () => {
  const sender = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };
  context.with(trace.setSpanContext(ROOT_CONTEXT, sender), () =>
    unit(() => expect(trace.getActiveSpan()?.spanContext()).toEqual(sender)),
  );
});

test('one that says nothing is not', () => {
  const nobody = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
  context.with(trace.setSpanContext(ROOT_CONTEXT, nobody), () =>
    unit(() => expect(context.active()).toBe(ROOT_CONTEXT)),
  );
});

test('what is not to be traced is not', () => {
  context.with(suppressTracing(ROOT_CONTEXT), () => unit(() => withSpan('inside', () => {})));
  expect(spans()).toEqual([]);
});

describe('isEntry', () => {
  afterEach(() => registerOpenTelemetry());

  test('says of which others it is known', () => {
    registerOpenTelemetry({ isEntry: (span) => (span as Span & { name: string }).name === 'tick' });
    expect(['tick', 'boot'].map((name) => inSpan(name, () => unit(active)))).toEqual(['tick', undefined]);
    inSpan('tick', (span) => {
      span.end();
      expect(unit(active)).toBeUndefined();
    });
  });

  test('an error of it is reported, and the span is none', () => {
    const reported: unknown[] = [];
    const stop = addErrorReporter((error, where) => reported.push([(error as Error).message, where]));
    registerOpenTelemetry({
      isEntry: () => {
        throw new Error('cannot tell');
      },
    });
    expect(inSpan('boot', () => unit(active))).toBeUndefined();
    stop();
    expect(reported).toEqual([['cannot tell', 'in isEntry of registerOpenTelemetry']]);
  });
});

describe('what is not sampled does not say of which kind it is', () => {
  beforeEach(sampleNothing);

  test('and is kept: the parts of a request are not sampled either', () => {
    inSpan(
      'request',
      (span) => {
        const { traceId } = span.spanContext();
        const inside = unit(() => withSpan('inside', (own) => own.spanContext()));
        expect(inside).toMatchObject({ traceId, traceFlags: 0 });
      },
      server,
    );
    expect(spans()).toEqual([]);
  });

  test('but not where a server was started in it', async () => {
    const { port, close } = await inSpan('boot', () => started(() => unit(traceId)));
    expect(await ask(port)).toBe('undefined');
    await close();
  });
});

const traceId = () => trace.getActiveSpan()?.spanContext().traceId;

describe.each([
  ['INTERNAL', SpanKind.INTERNAL],
  // A server that is started in a request, as test tools do.
  ['SERVER', SpanKind.SERVER],
])('a server that is started in a span of kind %s', (_kind, kind) => {
  test('has no request in it, on a connection that is kept open either', async () => {
    const { port, close } = await inSpan('boot', () => started(() => `${active()} ${unit(active)}`), {
      kind,
    });
    const socket = connect(port, '127.0.0.1');
    const answers = [await askOn(socket), await askOn(socket), await ask(port)];
    socket.destroy();
    // The first says what there is to inherit.
    expect(answers).toEqual(Array(3).fill('boot undefined'));
    await close();
  });
});

test('what is excluded from units of work keeps what was opened for it, too', () => {
  inSpan('boot', () => expect(outsideUnits(active)).toBeUndefined());
  inSpan('request', () => unit(() => expect(outsideUnits(active)).toBe('request')), server);
});

async function started(answer: () => unknown): Promise<{ port: number; close: () => Promise<unknown> }> {
  const http: Server = createServer((_request, response) => response.end(`${answer()};`));
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const close = async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  return { port: (http.address() as AddressInfo).port, close };
}

async function ask(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const answer = await askOn(socket);
  socket.destroy();
  return answer;
}

async function askOn(socket: ReturnType<typeof connect>): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
  let text = '';
  while (!text.includes(';')) {
    const [data] = (await once(socket, 'data')) as [Buffer];
    text += data.toString();
  }
  return text.slice(text.indexOf('\r\n\r\n') + 4, text.indexOf(';'));
}
