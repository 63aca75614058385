import type { Job, JobsOptions } from 'bullmq';
import { createTask, currentCorrelationId, currentRequestId } from 'nestjs-contextvars';
import { contextTelemetry, withJobContext } from 'nestjs-contextvars/bullmq';
import { addErrorReporter } from '../../../src/core/internal.js';
import { asCaller, inProcess, nothing, role, seen, tenant, UUID } from './support/caller.js';
import { describeOnBackends, work } from './support/queue-backends.js';

/** Options of a job as somebody who can write to the queue would give them. */
const withMetadata = (metadata: string): JobsOptions => ({ telemetry: { metadata } });

const bad = [
  ['no JSON', '{"contextvars":"{\\"v\\":1'],
  ['another version', JSON.stringify({ contextvars: '{"v":2,"vars":[["jobs.tenant","evil"]]}' })],
  ['no string', JSON.stringify({ contextvars: { v: 1, vars: [['jobs.tenant', 'evil']] } })],
  ['two of them', '{"contextvars":"{\\"v\\":1,\\"vars\\":[]}","contextvars":"{\\"v\\":1,\\"vars\\":[]}"}'],
  ['a prototype', JSON.stringify({ contextvars: '{"v":1,"vars":[["__proto__","evil"]]}' })],
  ['too much', JSON.stringify({ contextvars: `{"v":1,"vars":[["jobs.tenant","${'x'.repeat(100_000)}"]]}` })],
] as const;

let reported: unknown[];
let previous: ReturnType<typeof addErrorReporter>;
beforeEach(() => {
  reported = [];
  previous = addErrorReporter((error) => reported.push(error));
});
afterEach(() => {
  previous();
});

describeOnBackends('a job with a carrier that is refused', (queues) => {
  const telemetry = contextTelemetry();

  test.each(bad)(
    'fails when it reads a variable, also with a default or a fallback: %s',
    async (_, metadata) => {
      const name = queues.name();
      const queue = queues.queue(name);
      const reads: Record<string, () => unknown> = {
        get: () => tenant.get(),
        fallback: () => tenant.get('-'),
        default: () => inProcess.get(),
        scoped: () => role.get('-'),
        set: () => tenant.set('own'),
        bind: () => role.bind('own'),
        task: () => createTask(async () => tenant.get('-')),
      };
      const jobs = await queue.addBulk(
        Object.keys(reads).map((read) => ({ name: read, data: {}, opts: withMetadata(metadata) })),
      );
      const worker = queues.worker(name, async (job) => reads[job.name]!(), telemetry);

      const results = (await work(worker, ...jobs)) as Error[];
      expect(results.map(({ message }) => message.includes(`queue '${name}'`))).toEqual(jobs.map(() => true));
      expect(results).toEqual(jobs.map(() => expect.objectContaining({ code: 'ERR_INVALID_CARRIER' })));
      // Of the carrier itself nothing gets into errors and logs.
      expect(results.map(({ message }) => message).join()).not.toMatch(/evil|xxx/);
    },
  );

  test('does not begin behind withJobContext, in a worker with a telemetry and in one without', async () => {
    const name = queues.name();
    const queue = queues.queue(name);
    let begun = 0;
    const process = withJobContext(async () => {
      begun += 1;
    });
    for (const own of [telemetry, undefined]) {
      const job = await queue.add('work', {}, withMetadata(bad[0][1]));
      const worker = queues.worker(name, process, own);
      expect(await work(worker, job)).toEqual([expect.objectContaining({ code: 'ERR_INVALID_CARRIER' })]);
      await worker.close();
    }
    expect(begun).toBe(0);
  });

  test('can still be logged with its ids by its processor', async () => {
    const name = queues.name();
    const job = await queues.queue(name).add('work', {}, withMetadata(bad[0][1]));
    const worker = queues.worker(name, async () => [currentRequestId(), currentCorrelationId()], telemetry);

    const id = expect.stringMatching(UUID);
    expect(await work(worker, job)).toEqual([[id, id]]);
  });

  test('leaves the worker and the jobs beside it as they are, and can be logged', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    const bulk = await asCaller('acme', () =>
      queue.addBulk([
        { name: 'bad', data: {}, opts: withMetadata(bad[0][1]) },
        { name: 'good', data: {} },
      ]),
    );
    const worker = queues.worker(name, async () => tenant.get('-'), telemetry);
    const logged: unknown[] = [];
    worker.on('failed', () => logged.push([tenant.get('-'), currentRequestId()]));

    expect(await work(worker, ...bulk)).toEqual([
      expect.objectContaining({ code: 'ERR_INVALID_CARRIER' }),
      'acme',
    ]);
    expect(logged).toEqual([['-', expect.stringMatching(UUID)]]);
  });

  test('with onInvalid: empty it begins empty, and the refusal is reported', async () => {
    const name = queues.name();
    const job = await queues.queue(name).add('work', {}, withMetadata(bad[1][1]));
    const worker = queues.worker(
      name,
      async () => seen(),
      contextTelemetry(undefined, { onInvalid: 'empty' }),
    );

    expect(await work(worker, job)).toEqual([nothing]);
    expect(reported).toEqual([expect.objectContaining({ code: 'ERR_INVALID_CARRIER' })]);
  });

  test('metadata of somebody else is no carrier', async () => {
    const name = queues.name();
    const queue = queues.queue(name);
    const jobs: Job[] = [];
    for (const metadata of ['{"traceparent":"00-1-2-01"}', 'plain text', '[]', `"${'x'.repeat(100_000)}"`]) {
      jobs.push(await queue.add('work', {}, withMetadata(metadata)));
    }

    expect(
      await work(
        queues.worker(name, async () => seen(), telemetry),
        ...jobs,
      ),
    ).toEqual(jobs.map(() => nothing));
    expect(reported).toEqual([]);
  });
});
