import { setImmediate as macrotask } from 'node:timers/promises';
import { ContextScoped } from 'nestjs-contextvars/container';
import { lambdaInvocation, processSqsBatch, withLambdaContext } from 'nestjs-contextvars/lambda';
import { container } from 'tsyringe';
import { functionContext, invoke } from './support/runtime.js';

const log: string[] = [];

@ContextScoped()
class Connection {
  readonly owner = lambdaInvocation().correlationId;

  query(): string {
    return this.owner;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await macrotask();
    log.push(`closed ${this.owner}`);
  }
}

const connection = container.resolve(Connection);

beforeEach(() => {
  log.length = 0;
});

test('each invocation has its own instance, which is disposed of before the answer goes out', async () => {
  const handler = withLambdaContext(async () => {
    await macrotask();
    return connection.query();
  });
  const ids = ['r-1', 'r-2', 'r-3'];
  const answers = await Promise.all(
    ids.map(async (awsRequestId) => {
      const answer = await invoke(handler, {}, functionContext({ awsRequestId }));
      return [answer, log.includes(`closed ${awsRequestId}`)];
    }),
  );
  expect(answers).toEqual(ids.map((id) => [id, true]));
  expect(log.sort()).toEqual(ids.map((id) => `closed ${id}`));
});

test('it is disposed of before a callback handler has answered, too', async () => {
  const handler = withLambdaContext(
    (_event: unknown, _context: unknown, callback: (error: unknown, result: unknown) => void) => {
      setImmediate(() => callback(null, connection.query()));
    },
  );
  expect(await invoke(handler, {}, functionContext({ awsRequestId: 'r-1' }))).toBe('r-1');
  expect(log).toEqual(['closed r-1']);
});

test('each record of a batch has its own', async () => {
  const handler = withLambdaContext(async (event: { Records: { messageId: string }[] }) => {
    await processSqsBatch(event, () => void connection.query());
    return [...log];
  });
  const event = { Records: [{ messageId: 'm-1' }, { messageId: 'm-2' }] };
  expect(await invoke(handler, event)).toEqual(['closed m-1', 'closed m-2']);
});
