import { join } from 'node:path';
import { contextTelemetry } from 'nestjs-contextvars/bullmq';
import { asCaller, role } from './support/caller.js';
import { describeOnBackends, work } from './support/queue-backends.js';

// Its processors load the built package: `npm run build` first.

const telemetry = contextTelemetry();
const carrying = join(__dirname, 'support/tenant.processor.mjs');
const plain = join(__dirname, 'support/plain.processor.mjs');
/** Without the flags of this process, of which threads do not take every one. */
const inThread = { useWorkerThreads: true, workerThreadsOptions: { execArgv: [] } };

describeOnBackends('a sandboxed processor', (queues) => {
  test.each([
    ['process', {}],
    ['thread', inThread],
  ])('in a %s of its own runs in the context of its job behind withJobContext', async (_, options) => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    const jobs = await Promise.all(
      ['acme', 'globex'].map((caller) =>
        asCaller(caller, () => role.run('admin', () => queue.add('work', {}))),
      ),
    );
    const bare = await queues.queue(name).add('work', {});
    const worker = queues.worker(name, carrying, telemetry, options);

    const expected = { role: '-', kind: 'job', pid: expect.any(Number) };
    const results = await work(worker, ...jobs, bare);
    expect(results).toEqual(['acme', 'globex', '-'].map((caller) => ({ ...expected, tenant: caller })));
    const isElsewhere = (results[0] as { pid: number }).pid !== process.pid;
    expect(isElsewhere).toBe(!('useWorkerThreads' in options));
  });

  test('is told by the signal of its unit that the job was cancelled', async () => {
    const name = queues.name();
    const job = await asCaller('acme', () => queues.queue(name, telemetry).add('wait', {}));
    const worker = queues.worker(name, carrying, telemetry, inThread);
    worker.on('progress', () => worker.cancelJob(job.id as string, 'enough'));

    expect(await work(worker, job)).toEqual(['cancelled: acme']);
  });

  test('fails with a carrier that is refused', async () => {
    const name = queues.name();
    const metadata = JSON.stringify({ contextvars: 'nonsense' });
    const job = await queues.queue(name).add('work', {}, { telemetry: { metadata } });
    const worker = queues.worker(name, carrying, undefined, inThread);

    expect(await work(worker, job)).toEqual([
      expect.objectContaining({ message: expect.stringContaining('The carrier is refused') }),
    ]);
  });

  test('without the wrapper is outside any context', async () => {
    const name = queues.name();
    const job = await asCaller('acme', () => queues.queue(name, telemetry).add('work', {}));
    const worker = queues.worker(name, plain, telemetry, inThread);

    expect(await work(worker, job)).toEqual([{ tenant: '-' }]);
  });
});
