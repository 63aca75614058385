import { setImmediate } from 'node:timers/promises';
import { SpanKind } from '@opentelemetry/api';
import { runUnitOfWork } from 'nestjs-contextvars';
import { withLambdaContext } from 'nestjs-contextvars/lambda';
import { propagateContext } from 'nestjs-contextvars/microservices';
import { registerOpenTelemetry, withSpan } from 'nestjs-contextvars/opentelemetry';
import { startDesk, stopDesks } from '../../nest/microservices/support/running-desk.js';
import { describeTransports } from '../../nest/microservices/support/transports.js';
import { invoke as invokeFunction } from '../lambda/support/runtime.js';
import { active, inSpan, tree, useSdk } from './support/tracing.js';

useSdk();
beforeAll(() => registerOpenTelemetry());
afterEach(stopDesks);

describeTransports(
  'the spans of messages',
  (transport) => {
    test('are children of the span that sent the message, of the right one', async () => {
      // Neither the server nor the client has the span that they were started in.
      const { desk, client } = await inSpan('boot', () => startDesk(transport));
      propagateContext(client.proxy);
      desk.answer = ({ label }) => withSpan(`handle ${label}`, () => setImmediate(label));
      const request = (label: string) =>
        runUnitOfWork({ kind: 'request' }, () => withSpan(`request ${label}`, () => client.ask({ label })));

      await Promise.all(['a', 'b', 'c'].map(request));
      await client.ask({ label: 'n' });

      expect([...tree()].sort()).toEqual([
        '  handle a',
        '  handle b',
        '  handle c',
        'boot (open)',
        'handle n',
        'request a',
        'request b',
        'request c',
      ]);
    });
  },
  ['TCP', 'NATS'],
);

test('an invocation of a Lambda function keeps the span that an instrumentation has opened for it', async () => {
  const handler = withLambdaContext(async ({ name }: { name: string }) => {
    await setImmediate();
    withSpan(`inside ${name}`, () => {});
    return active();
  });
  const invoke = (event: string) =>
    inSpan(
      `invoke ${event}`,
      async (span) => {
        const answer = await invokeFunction(handler, { name: event });
        span.end();
        return answer;
      },
      { kind: SpanKind.SERVER },
    );
  expect([await invoke('1'), await invoke('2')]).toEqual(['invoke 1', 'invoke 2']);
  expect(tree()).toEqual(['invoke 1', '  inside 1', 'invoke 2', '  inside 2']);
});
