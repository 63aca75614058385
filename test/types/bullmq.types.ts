// Compile-time tests of the entry "./bullmq": nothing here runs. `npm run test:types` fails where one of these lines has an
// error, or where a line under `@ts-expect-error` has none.

import { WorkerHost } from '@nestjs/bullmq';
import {
  FlowProducer,
  type Job,
  type Processor,
  Queue,
  type SandboxedJob,
  type Telemetry,
  Worker,
} from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import {
  type ContextTelemetryOptions,
  contextTelemetry,
  type JobContextOptions,
  WithJobContext,
  withJobContext,
} from 'nestjs-contextvars/bullmq';

const connection = { host: '127.0.0.1' };

// --- contextTelemetry: for queues, flow producers and workers, alone and around another one

const telemetry: Telemetry = contextTelemetry();
new Queue('invoices', { connection, telemetry });
new FlowProducer({ connection, telemetry });
new Worker('invoices', async () => 1, { connection, telemetry });
contextTelemetry(new BullMQOtel({ tracerName: 'desk' }));
// @ts-expect-error options are the second argument
contextTelemetry({ onInvalid: 'empty' });
// @ts-expect-error no such policy
contextTelemetry(undefined, { onInvalid: 'ignore' });

const key = new Uint8Array(32);
const options: ContextTelemetryOptions = {
  sign: { keyId: 'k1', key, ttlMs: 60_000 },
  verify: { keys: { k1: key }, clockToleranceMs: 1_000 },
  onInvalid: 'empty',
  schedulers: 'empty',
  acceptIds: false,
  accept: (variable) => variable.name === 'tenant',
};
contextTelemetry(undefined, options);
// @ts-expect-error the audience is the queue
contextTelemetry(undefined, { verify: { keys: {}, audience: 'me' } });

// --- withJobContext: keeps the types of the processor

interface Order {
  readonly orderId: number;
}
const write: Processor<Order, string> = withJobContext(
  async (job: Job<Order, string>) => `${job.data.orderId}`,
);
new Worker<Order, string>('invoices', write, { connection });
new Worker<Order, string>(
  'invoices',
  withJobContext(async (job: Job<Order, string>, token, signal) => `${job.id} ${token} ${signal?.aborted}`),
  { connection },
);
export default withJobContext(async (job: SandboxedJob<Order>) => job.data.orderId);
// @ts-expect-error the job has no such data
withJobContext(async (job: Job<Order>) => job.data.invoiceId);
// @ts-expect-error it returns a number
export const wrong: Processor<Order, string> = withJobContext(async (_: Job<Order>) => 1);

const reading: JobContextOptions = { verify: { keys: () => key } };
withJobContext(async () => {}, reading);
// @ts-expect-error only who adds jobs signs
withJobContext(async () => {}, { sign: { keyId: 'k1', key, ttlMs: 1 } });

// --- WithJobContext: for a method

class InvoicesProcessor extends WorkerHost {
  @WithJobContext()
  override async process(job: Job<Order>): Promise<number> {
    return job.data.orderId;
  }

  // @ts-expect-error it is called with options, if any
  @WithJobContext
  async wrong(): Promise<void> {}
}
new InvoicesProcessor();
