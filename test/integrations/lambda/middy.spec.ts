import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as macrotask } from 'node:timers/promises';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { ContextVar, currentCorrelationId, currentUnit, type UnitOfWork } from 'nestjs-contextvars/core';
import { lambdaContext, lambdaInvocation, logKeys, withLambdaContext } from 'nestjs-contextvars/lambda';
import { outcomeOf, withCode } from '../../core/support/outcome.js';
import { functionContext, invoke } from './support/runtime.js';

interface Event {
  name: string;
  body?: unknown;
}

const tenant = new ContextVar<string>('tenant');

/** A middleware that notes the tenant at each of its points. */
const noting = (log: unknown[]): middy.MiddlewareObj<Event> => {
  const note = (point: string) => () => void log.push([point, tenant.get('none'), currentUnit()?.kind]);
  return { before: note('before'), after: note('after'), onError: note('onError') };
};

const setting: middy.MiddlewareObj<Event> = {
  before: async ({ event }) => {
    await macrotask();
    tenant.set(event.name);
  },
};

describe('withLambdaContext around a chain', () => {
  test('puts handler and middlewares of the whole chain into the invocation', async () => {
    const log: unknown[] = [];
    const handler = withLambdaContext(
      middy<Event>()
        .use(setting)
        .use(noting(log))
        .handler(async () => tenant.get()),
    );
    expect(await invoke(handler, { name: 'acme' })).toBe('acme');
    expect(log).toEqual([
      ['before', 'acme', 'lambda'],
      ['after', 'acme', 'lambda'],
    ]);
  });

  test('is one that goes on as a chain, and stays around all of it', async () => {
    const log: unknown[] = [];
    const handler = withLambdaContext(middy<Event>())
      .use([setting, noting(log)])
      .before(() => void log.push(tenant.get()))
      .after(() => void log.push(tenant.get()))
      .onError(() => {})
      .handler(async () => lambdaInvocation().functionName);
    expect(await invoke(handler, { name: 'acme' })).toBe('orders');
    expect(log).toEqual([['before', 'acme', 'lambda'], 'acme', 'acme', ['after', 'acme', 'lambda']]);
  });

  test('ends when the last middleware has, also after an early answer and after an error', async () => {
    const log: unknown[] = [];
    let unit: UnitOfWork | undefined;
    const ends: middy.MiddlewareObj<Event> = {
      before: ({ event }) => {
        unit = currentUnit();
        return event.name === 'early' ? 'early answer' : undefined;
      },
      after: async () => {
        await macrotask();
        log.push(unit?.ended);
      },
      onError: async (request) => {
        await macrotask();
        log.push(unit?.ended);
        request.response = 'answer of onError';
      },
    };
    const handler = withLambdaContext(middy<Event>(), { onEnd: () => void log.push('end') })
      .use(ends)
      .handler(async (event) => {
        if (event.name === 'failing') throw new Error('failed');
        return 'answer';
      });
    expect(await invoke(handler, { name: 'fine' })).toBe('answer');
    expect(await invoke(handler, { name: 'early' })).toBe('early answer');
    expect(await invoke(handler, { name: 'failing' })).toBe('answer of onError');
    expect(log).toEqual([false, 'end', 'end', false, 'end']);
    expect(unit?.ended).toBe(true);
  });

  test('lets an error pass that no middleware handles', async () => {
    const error = new Error('failed');
    const log: unknown[] = [];
    const handler = withLambdaContext(middy<Event>())
      .use([setting, noting(log)])
      .handler(async () => {
        throw error;
      });
    expect(await outcomeOf(() => invoke(handler, { name: 'acme' }))).toEqual({ error });
    expect(log).toEqual([
      ['before', 'acme', 'lambda'],
      ['onError', 'acme', 'lambda'],
    ]);
  });

  test('several invocations at once keep apart', async () => {
    const log: unknown[] = [];
    const handler = withLambdaContext(middy<Event>())
      .use([setting, noting(log)])
      .handler(async () => {
        await macrotask();
        return [tenant.get(), currentUnit()?.id];
      });
    const contexts = Array.from({ length: 20 }, () => functionContext());
    const answers = await Promise.all(
      contexts.map((context, i) => invoke(handler, { name: `t${i}` }, context)),
    );
    expect(answers).toEqual(contexts.map(({ awsRequestId }, i) => [`t${i}`, awsRequestId]));
    const after = log
      .filter((entry) => (entry as unknown[])[0] === 'after')
      .map((entry) => (entry as unknown[])[1]);
    expect(after.sort()).toEqual(contexts.map((_, i) => `t${i}`).sort());
  });

  test('is joined by a handler that is wrapped too', async () => {
    const inner = withLambdaContext(async (_event: Event, _context: Context) => tenant.get('none'));
    const handler = withLambdaContext(middy<Event>()).use(setting).handler(inner);
    expect(await invoke(handler, { name: 'acme' })).toBe('acme');
  });

  test('streams what a chain streams, in the context of the invocation until the end of it', async () => {
    const MARK = Symbol.for('aws.lambda.runtime.handler.streaming');
    const streamifyResponse = (handler: object) => Object.assign(handler, { [MARK]: 'response' });
    Object.assign(globalThis, { awslambda: { streamifyResponse } });
    try {
      let unit: UnitOfWork | undefined;
      const lines = async function* () {
        for (let i = 0; i < 3; i++) {
          await macrotask();
          yield `${tenant.get('none')} ${unit?.ended};`;
        }
      };
      const handler = withLambdaContext(middy<Event>({ streamifyResponse: true }))
        .use(setting)
        .handler((async () => {
          unit = currentUnit();
          return Readable.from(lines());
        }) as never);
      expect(Reflect.get(handler, MARK)).toBe('response');
      const stream = new PassThrough();
      const result = Reflect.apply(handler, undefined, [
        { name: 'acme' },
        stream,
        functionContext(),
      ] as never);
      const [body] = await Promise.all([text(stream), result]);
      expect([body, unit?.ended]).toEqual(['acme false;'.repeat(3), true]);
    } finally {
      Reflect.deleteProperty(globalThis, 'awslambda');
    }
  });
});

test('withLambdaContext around the handler alone leaves the middlewares outside', async () => {
  const log: unknown[] = [];
  const handler = middy<Event>(
    withLambdaContext(async (_event: Event, _context: Context) => currentUnit()?.kind),
  ).use(noting(log));
  expect(await invoke(handler, { name: 'acme' })).toBe('lambda');
  expect(log).toEqual([
    ['before', 'none', undefined],
    ['after', 'none', undefined],
  ]);
});

describe('the middleware', () => {
  const parsing: middy.MiddlewareObj<Event> = {
    before: (request) => {
      request.event.body = JSON.parse(request.event.body as string);
    },
  };
  // A new one each time: the middleware changes it.
  const newEvent = () => ({ name: 'acme', body: '{"trace":"c-1"}' });

  test('finds the correlation id in what the middlewares before it have made of the event', async () => {
    const handler = withLambdaContext(middy<Event>())
      .use(parsing)
      .use(lambdaContext({ correlationId: { path: 'body.trace' } }))
      .handler(async () => [
        lambdaInvocation().correlationId,
        currentCorrelationId(),
        logKeys().correlation_id,
        lambdaInvocation().getRemainingTimeInMillis() > 0,
      ]);
    expect(await invoke(handler, newEvent())).toEqual(['c-1', 'c-1', 'c-1', true]);
  });

  test('leaves the one that was found before where it finds none, or is not to look', async () => {
    for (const options of [{ correlationId: { path: 'body.nothing' } }, {}, undefined]) {
      const handler = withLambdaContext(middy<Event>(), { correlationId: { path: 'name' } })
        .use(parsing)
        .use(lambdaContext(options))
        .handler(async () => lambdaInvocation().correlationId);
      expect(await invoke(handler, newEvent())).toBe('acme');
    }
  });

  test('logs the event as the middlewares before it have made it', async () => {
    const logged: unknown[] = [];
    const handler = withLambdaContext(middy<Event>())
      .use(parsing)
      .use(lambdaContext({ logEvent: (given) => logged.push((given as Event).body) }))
      .handler(async () => 'answer');
    expect(await invoke(handler, newEvent())).toBe('answer');
    expect(logged).toEqual([{ trace: 'c-1' }]);
  });

  test('stops a chain that nobody has put into withLambdaContext, before its handler', async () => {
    const called = jest.fn();
    const handler = middy<Event>(async () => called()).use(lambdaContext());
    expect(await outcomeOf(() => invoke(handler, newEvent()))).toEqual({
      error: withCode('ERR_NO_ACTIVE_CONTEXT'),
    });
    await expect(invoke(handler, newEvent())).rejects.toThrow(/withLambdaContext\(middy/);
    expect(called).not.toHaveBeenCalled();
  });

  test('refuses wrong options', () => {
    expect(() => lambdaContext('options' as never)).toThrow(TypeError);
    expect(() => lambdaContext({ correlationId: { path: '' } })).toThrow(TypeError);
    expect(() => lambdaContext({ logEvent: 1 as never })).toThrow(TypeError);
  });
});
