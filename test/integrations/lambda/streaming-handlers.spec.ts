import { PassThrough, Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate as macrotask } from 'node:timers/promises';
import { ContextVar, currentUnit, type UnitOfWork } from 'nestjs-contextvars/core';
import { lambdaInvocation, withLambdaContext } from 'nestjs-contextvars/lambda';
import { outcomeOf } from '../../core/support/outcome.js';
import { type AnyHandler, functionContext } from './support/runtime.js';

// What `awslambda.streamifyResponse` of the runtime does: it marks the function, and gives it back.
const MARK = Symbol.for('aws.lambda.runtime.handler.streaming');
const streamifyResponse = <H extends AnyHandler>(handler: H): H =>
  Object.assign(handler, { [MARK]: 'response' });

const tenant = new ContextVar<string>('tenant');

type Streaming = (event: unknown, stream: Writable, context: unknown) => unknown;

/** The answer of a streaming handler, as the runtime takes it; it refuses one that is not marked. */
async function answerOf(handler: Streaming, context: unknown = functionContext(), event: unknown = {}) {
  if (Reflect.get(handler, MARK) !== 'response') throw new Error('not a streaming handler');
  const stream = new PassThrough();
  const result = handler(event, stream, context);
  if (typeof (result as Promise<unknown>)?.then !== 'function')
    throw new Error('not an asynchronous handler');
  const [body] = await Promise.all([text(stream), result]);
  return body;
}

const forms: [string, (handler: Streaming) => Streaming][] = [
  ['outside of streamifyResponse', (handler) => withLambdaContext(streamifyResponse(handler))],
  ['inside of streamifyResponse', (handler) => streamifyResponse(withLambdaContext(handler))],
];

describe.each(forms)('withLambdaContext %s', (_, form) => {
  test('finds the context of the runtime behind the stream', async () => {
    const handler = form(async (_event, stream) => {
      stream.end(`${currentUnit()?.id} ${lambdaInvocation().functionName}`);
    });
    const context = functionContext();
    expect(await answerOf(handler, context)).toBe(`${context.awsRequestId} orders`);
  });

  test('several that stream at once keep apart, also in what feeds the stream', async () => {
    const handler = form(async (event, stream) => {
      const before = tenant.get('empty');
      tenant.set((event as { name: string }).name);
      const lines = async function* () {
        for (let i = 0; i < 3; i++) {
          await macrotask();
          yield `${before} ${tenant.get()};`;
        }
      };
      await pipeline(Readable.from(lines()), stream);
    });
    const bodies = await Promise.all(
      ['a', 'b'].map((name) => answerOf(handler, functionContext(), { name })),
    );
    expect(bodies).toEqual(['a', 'b'].map((name) => `empty ${name};`.repeat(3)));
  });

  test('the unit ends with the stream where the handler does not wait for that', async () => {
    let unit: UnitOfWork | undefined;
    const ended: unknown[] = [];
    const handler = form(async (_event, stream) => {
      unit = currentUnit();
      void (async () => {
        stream.write('a');
        await macrotask();
        await macrotask();
        ended.push(unit?.ended);
        stream.end('b');
      })();
    });
    expect(await answerOf(handler)).toBe('ab');
    expect([...ended, unit?.ended]).toEqual([false, true]);
  });

  test('the unit ends where the stream is destroyed, or was before', async () => {
    for (const early of [true, false]) {
      let unit: UnitOfWork | undefined;
      const handler = form(async (_event, stream) => {
        unit = currentUnit();
        if (early) stream.destroy();
        else setImmediate(() => stream.destroy());
      });
      await handler({}, new PassThrough(), functionContext());
      expect(unit?.ended).toBe(true);
    }
  });

  test('an error passes unchanged, and does not wait for the stream', async () => {
    const error = new Error('failed');
    const handler = form(async () => {
      throw error;
    });
    expect(await outcomeOf(() => handler({}, new PassThrough(), functionContext()))).toEqual({ error });
  });
});

test('a streaming handler that gives no promise is left as it is: the runtime refuses it', () => {
  const handler = withLambdaContext((_event: unknown, stream: Writable, _context: unknown) => {
    stream.end('x');
  });
  expect(handler({}, new PassThrough(), functionContext())).toBeUndefined();
});
