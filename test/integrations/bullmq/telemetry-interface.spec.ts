import { SpanKind, type Telemetry, trace, withDetachedContext } from 'bullmq';
import { currentUnit } from 'nestjs-contextvars';
import { contextTelemetry } from 'nestjs-contextvars/bullmq';
import { asCaller, seen, tenant } from './support/caller.js';

// By the functions of BullMQ itself that call a telemetry: for what cannot be seen from outside, because BullMQ does not read it
// back, or does it on a timer.

function operation<R>(
  telemetry: Telemetry,
  kind: SpanKind,
  name: string,
  fn: (metadata: string | undefined) => R,
  brought?: string,
): Promise<R> {
  // It counts the parameters to see whether metadata are wanted.
  const callback = (_: unknown, metadata?: string) => fn(metadata);
  return trace(telemetry, kind, 'invoices', name, 'invoices', callback, brought) as Promise<R>;
}

const telemetry = contextTelemetry();
const add = () => operation(telemetry, SpanKind.PRODUCER, 'add', (metadata) => metadata);

test('a job that fails keeps the carrier it came with, and not what its processor has set', async () => {
  const brought = await asCaller('acme', add);
  const stored = await operation(
    telemetry,
    SpanKind.CONSUMER,
    'process',
    () => {
      tenant.set('other');
      return operation(telemetry, SpanKind.INTERNAL, 'fail', (metadata) => metadata);
    },
    brought,
  );

  expect(stored).toBe(brought);
});

test('a job that somebody else fails, from another context, is not given that one', async () => {
  const stored = await asCaller('operator', () =>
    operation(telemetry, SpanKind.INTERNAL, 'fail', (metadata) => metadata),
  );

  expect(stored).toBe('{}');
});

test('what BullMQ wants to do outside any context is outside any', () => {
  expect.assertions(2);
  asCaller('acme', () => {
    withDetachedContext(telemetry, () => {
      expect(currentUnit()).toBeUndefined();
      expect(seen()).toMatchObject({ tenant: '-', role: '-' });
    });
  });
});

test('what BullMQ does for the caller stays in the context of the caller', async () => {
  await asCaller('acme', async () => {
    const unit = currentUnit();
    await operation(telemetry, SpanKind.PRODUCER, 'add', async () => {
      await null;
      expect(currentUnit()).toBe(unit);
      expect(tenant.get()).toBe('acme');
    });
  });
});

test.each(['', '{', 'null', '{"contextvars":1}', '{"contextvars-inner":{}}', 5, null])(
  'nothing that stands in a queue makes it throw where BullMQ would wait for ever: %j',
  async (metadata) => {
    const run = operation(telemetry, SpanKind.CONSUMER, 'process', () => 'ran', metadata as string);
    expect(await run).toBe('ran');
  },
);
