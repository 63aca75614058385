// A worker file as an application writes it, on the built package: the SDK and the registration are each thread's own.

import { setImmediate } from 'node:timers/promises';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { createTask } from 'nestjs-contextvars/core';
import { registerOpenTelemetry, withSpan } from 'nestjs-contextvars/opentelemetry';
import { withWorkerContext } from 'nestjs-contextvars/worker';

const exporter = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
registerOpenTelemetry();

/** What was exported since the last call, as plain data. */
function exported() {
  const spans = exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    ...span.spanContext(),
    parentId: span.parentSpanContext?.spanId,
    ended: span.ended,
  }));
  exporter.reset();
  return spans;
}

export default withWorkerContext(async ({ name }) => {
  await withSpan(`${name} in the thread`, async () => {
    await setImmediate();
    await createTask(() => withSpan(`${name} task in the thread`, () => setImmediate()));
  });
  return exported();
});

/** Of one that is not called by `runInWorker`. */
export const plain = withWorkerContext(() => trace.getActiveSpan()?.spanContext().traceId ?? 'none');
