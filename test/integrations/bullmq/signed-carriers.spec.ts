import { randomBytes } from 'node:crypto';
import { createTask, preserveContext } from 'nestjs-contextvars';
import { type CarryingJob, contextTelemetry, withJobContext } from 'nestjs-contextvars/bullmq';
import { asCaller, seen, tenant } from './support/caller.js';
import { describeOnBackends, work } from './support/queue-backends.js';

const key = randomBytes(32);
const sign = { keyId: 'k1', key, ttlMs: 60_000 };
const verify = { keys: { k1: key } };

describeOnBackends('signed carriers', (queues) => {
  const signing = contextTelemetry(undefined, { sign, verify });

  test('are taken from the queue that they were signed for', async () => {
    const name = queues.name();
    const job = await asCaller('acme', () => queues.queue(name, signing).add('work', {}));

    expect(
      await work(
        queues.worker(name, async () => tenant.get(), signing),
        job,
      ),
    ).toEqual(['acme']);
  });

  test('those of flows and schedulers too', async () => {
    const [name, other] = [queues.name(), queues.name()];
    const flow = await asCaller('acme', () =>
      queues.flowProducer(signing).add({
        name: 'parent',
        queueName: name,
        opts: {},
        children: [{ name: 'child', queueName: other, opts: {} }],
      }),
    );
    const process = async () => tenant.get();
    const child = work(queues.worker(other, process, signing), flow.children?.[0]?.job);
    expect(await work(queues.worker(name, process, signing), flow.job)).toEqual(['acme']);
    expect(await child).toEqual(['acme']);

    const third = queues.name();
    const tick = await asCaller('globex', () =>
      queues.queue(third, signing).upsertJobScheduler('one', { every: 1000, limit: 1 }),
    );
    expect(await work(queues.worker(third, process, signing), tick)).toEqual(['globex']);
  });

  test.each([
    ['not signed', contextTelemetry()],
    [
      'signed by another key of the same name',
      contextTelemetry(undefined, { sign: { ...sign, key: randomBytes(32) } }),
    ],
    ['signed by an unknown key', contextTelemetry(undefined, { sign: { ...sign, keyId: 'k2' } })],
    ['expired', contextTelemetry(undefined, { sign: { ...sign, ttlMs: 1 } })],
  ])('one that is %s is refused', async (_, producer) => {
    const name = queues.name();
    const job = await asCaller('acme', () => queues.queue(name, producer).add('work', {}));
    const added = Date.now();
    while (Date.now() <= added + 1) await null;

    expect(
      await work(
        queues.worker(name, async () => seen(), signing),
        job,
      ),
    ).toEqual([expect.objectContaining({ code: 'ERR_INVALID_CARRIER' })]);
  });

  const process = withJobContext(async (_job: CarryingJob) => seen());
  test.each([
    ['a preserved call', preserveContext(process)],
    ['a task', (job: CarryingJob) => createTask(() => process(job))],
    ['a task in a preserved call', preserveContext((job: CarryingJob) => createTask(() => process(job)))],
  ])(
    'what the telemetry has refused is not taken by withJobContext, which asks for less, in %s',
    async (_, wrapped) => {
      const name = queues.name();
      const job = await asCaller('acme', () => queues.queue(name, contextTelemetry()).add('work', {}));

      expect(await work(queues.worker(name, wrapped as never, signing), job)).toEqual([
        expect.objectContaining({ code: 'ERR_INVALID_CARRIER' }),
      ]);
    },
  );

  test('who can only add jobs does not get rid of what is asked for by the look of a scheduler', async () => {
    const strict = withJobContext(async () => seen(), { verify, required: [tenant] });
    const metadata = (text: object) => ({ opts: { telemetry: { metadata: JSON.stringify(text) } } });
    const marked = { 'contextvars-in-worker': true };
    for (const text of [marked, { ...marked, contextvars: 'garbage' }]) {
      const job = { id: 'repeat:a:1', queueName: 'mails', ...metadata(text) };
      await expect((async () => strict(job))()).rejects.toMatchObject({ code: 'ERR_INVALID_CARRIER' });
    }
  });

  test('one of another queue is refused, with and without a telemetry on the worker', async () => {
    const [payments, mails] = [queues.name('payments'), queues.name('mails')];
    const added = await asCaller('acme', () => queues.queue(mails, signing).add('work', {}));
    const stolen = added.opts.telemetry?.metadata as string;
    const workers = [
      () => queues.worker(payments, async () => seen(), signing),
      () =>
        queues.worker(
          payments,
          withJobContext(async () => seen(), { verify }),
        ),
    ];
    for (const workerOf of workers) {
      const job = await queues.queue(payments).add('work', {}, { telemetry: { metadata: stolen } });
      const worker = workerOf();
      expect(await work(worker, job)).toEqual([expect.objectContaining({ code: 'ERR_INVALID_CARRIER' })]);
      await worker.close();
    }
  });
});
