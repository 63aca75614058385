import type { Job } from 'bullmq';
import { DelayedError } from 'bullmq';
import { currentRequestId } from 'nestjs-contextvars';
import { contextTelemetry, withJobContext } from 'nestjs-contextvars/bullmq';
import { asCaller, nothing, seen, tenant, UUID } from './support/caller.js';
import { type AnyWorker, describeOnBackends, type Queues, work } from './support/queue-backends.js';

const telemetry = contextTelemetry();

/** The first results of jobs that a scheduler makes; other jobs are worked off beside them. */
function scheduled(worker: AnyWorker, schedulerId: string, count: number): Promise<unknown[]> {
  const results: unknown[] = [];
  const done = new Promise<unknown[]>((resolve) => {
    worker.on('completed', (job: Job, result: unknown) => {
      if (job.repeatJobKey !== schedulerId) return;
      results.push(result);
      if (results.length === count) resolve(results);
    });
  });
  if (!worker.isRunning()) void worker.run();
  return done;
}

const EVERY = { every: 20 };

describeOnBackends('job schedulers', (queues: Queues) => {
  test('their jobs begin with what was there at the registration, each under an id of its own', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    await asCaller('acme', () => queue.upsertJobScheduler('reports', EVERY, { name: 'report' }));
    const ids = new Set<string | undefined>();
    const worker = queues.worker(
      name,
      async () => {
        ids.add(currentRequestId());
        const before = seen();
        tenant.set('changed');
        return before;
      },
      telemetry,
    );

    expect(await scheduled(worker, 'reports', 3)).toEqual(Array(3).fill({ ...nothing, tenant: 'acme' }));
    expect(ids.size).toBe(3);
  });

  test('a new registration takes the place of what was carried', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    await asCaller('acme', () => queue.upsertJobScheduler('reports', EVERY, { name: 'report' }));
    await asCaller('globex', () => queue.upsertJobScheduler('reports', EVERY, { name: 'report' }));
    const worker = queues.worker(name, async () => tenant.get('-'), telemetry);

    expect(await scheduled(worker, 'reports', 2)).toEqual(['globex', 'globex']);
  });

  test('one that was registered outside any context stays empty, whosever jobs the worker works off', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    await queue.upsertJobScheduler('clean-up', EVERY, { name: 'tick' });
    const worker = queues.worker(name, byName, telemetry);
    const results = scheduled(worker, 'clean-up', 3);
    const stop = keepAdding(worker, () => asCaller('acme', () => queue.add('work', {})));

    expect(await results).toEqual(Array(3).fill({ ...nothing, id: expect.stringMatching(UUID) }));
    await stop();
  });

  test.each([
    ['that settle', async () => undefined],
    [
      'that put themselves off',
      async (job: Job, token?: string) => {
        await job.moveToDelayed(Date.now() + 60_000, token);
        throw new DelayedError();
      },
    ],
  ])(
    'one without metadata, from before there was a telemetry, takes nobody’s context: beside jobs %s',
    async (_, end) => {
      const name = queues.name();
      const queue = queues.queue(name, telemetry);
      await queues.queue(name).upsertJobScheduler('old', EVERY, { name: 'tick' });
      const process = (job: Job, token?: string): Promise<unknown> =>
        job.name === 'tick' ? Promise.resolve(seen()) : end(job, token);
      // The worker too was created in somebody's context, in which it fetches its first job.
      const worker = asCaller('creator', () => queues.worker(name, process, telemetry, { autorun: true }));
      const results = scheduled(worker, 'old', 4);
      const stop = keepAdding(worker, () => asCaller('acme', () => queue.add('work', {})));

      expect(await results).toEqual(Array(4).fill(nothing));
      await stop();
    },
  );

  test('one that a processor registers carries nothing: there BullMQ registers them too, for nobody', async () => {
    const [name, other] = [queues.name(), queues.name()];
    const reports = queues.queue(other, telemetry);
    const job = await asCaller('acme', () => queues.queue(name, telemetry).add('work', {}));
    const process = async () => {
      await reports.upsertJobScheduler('reports', EVERY, { name: 'report' });
    };
    await work(queues.worker(name, process, telemetry), job);
    const worker = queues.worker(other, async () => seen(), telemetry);

    expect(await scheduled(worker, 'reports', 2)).toEqual([nothing, nothing]);
  });

  test('a job that sets what cannot be carried does not stop the scheduler whose job is fetched after it', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    await queue.upsertJobScheduler('clean-up', EVERY, { name: 'tick' });
    const process = async (job: Job) => {
      if (job.name !== 'tick') tenant.set('x'.repeat(5000));
    };
    const worker = queues.worker(name, process, telemetry);
    const errors: string[] = [];
    worker.on('error', (error) => errors.push(error.message));
    const results = scheduled(worker, 'clean-up', 4);
    const stop = keepAdding(worker, () => queue.add('work', {}));

    await results;
    await stop();
    expect(errors.filter((message) => message.includes('repeatable'))).toEqual([]);
  });

  test('omitContext in the template keeps it from all of their jobs', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    await asCaller('acme', () =>
      queue.upsertJobScheduler('reports', EVERY, { opts: { telemetry: { omitContext: true } } }),
    );
    const worker = queues.worker(name, async () => seen(), telemetry);

    expect(await scheduled(worker, 'reports', 2)).toEqual([nothing, nothing]);
  });

  test.each([
    [
      'telemetry',
      (queue: string) =>
        queues.worker(queue, async () => seen(), contextTelemetry(undefined, { schedulers: 'empty' })),
    ],
    [
      'withJobContext',
      (queue: string) =>
        queues.worker(
          queue,
          withJobContext(async () => seen(), { schedulers: 'empty' }),
        ),
    ],
  ])('with schedulers: empty they begin empty, behind %s', async (_, workerOf) => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    await asCaller('acme', () => queue.upsertJobScheduler('reports', EVERY));

    expect(await scheduled(workerOf(name), 'reports', 2)).toEqual([nothing, nothing]);
  });
});

async function byName(job: Job): Promise<unknown> {
  return job.name === 'tick' ? { ...seen(), id: currentRequestId() } : undefined;
}

/** Has a job waiting whenever one is done, so that jobs of schedulers are fetched at the end of others. */
function keepAdding(worker: AnyWorker, add: () => Promise<unknown>): () => Promise<void> {
  let going = true;
  const adding = (async () => {
    while (going) await add();
  })();
  return async () => {
    going = false;
    await adding;
    await worker.close(true);
  };
}
