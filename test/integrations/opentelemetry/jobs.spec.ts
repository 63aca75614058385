import { setImmediate } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { contextTelemetry, withJobContext } from 'nestjs-contextvars/bullmq';
import { createTask, currentUnit, runUnitOfWork } from 'nestjs-contextvars/core';
import { registerOpenTelemetry, withSpan } from 'nestjs-contextvars/opentelemetry';
import { currentFrame } from '../../../src/core/internal.js';
import { describeOnBackends, work } from '../bullmq/support/queue-backends.js';
import { active, seen, spans, tree, useSdk } from './support/tracing.js';

useSdk();
beforeAll(() => registerOpenTelemetry());

/** In a unit of work of its own, as a request is. */
const request = <R>(name: string, fn: () => R): R =>
  runUnitOfWork({ kind: 'request' }, () => withSpan(name, fn));

const process = (job: Job) =>
  withSpan(`process ${job.data.name}`, async () => {
    await setImmediate();
    await createTask(() => withSpan(`task of ${job.data.name}`, () => setImmediate()));
    return currentUnit()?.kind;
  });

const part = (name: string) => [`  process ${name}`, `    task of ${name}`];

/** Without what BullMQ does besides, in spans of its own: fetching jobs, and so on. */
const treeOf = (names: RegExp) =>
  tree(
    spans()
      .filter(({ name }) => names.test(name))
      .map(seen),
  );

describeOnBackends('the spans of jobs', (queues) => {
  test('are children of the span that added the job, of the right one', async () => {
    const name = queues.name();
    const queue = queues.queue(name, contextTelemetry());
    const add = (job: string) => queue.add('work', { name: job });
    const jobs = await Promise.all(
      ['a', 'b'].map((caller) =>
        request(caller, async () => [
          await add(`${caller}1`),
          await withSpan(`${caller} in`, () => add(`${caller}2`)),
        ]),
      ),
    );
    const outside = await withSpan('script', () => add('s'));
    const nobody = await add('n');
    const worker = queues.worker(name, process, contextTelemetry(), { concurrency: 5 });
    const results = await work(worker, ...jobs.flat(), outside, nobody);

    expect(results).toEqual(Array(6).fill('job'));
    const indented = (lines: string[]) => lines.map((line) => `  ${line}`);
    expect([...tree()].sort()).toEqual(
      [
        ...['a', 'b'].flatMap((c) => [c, ...part(`${c}1`), `  ${c} in`, ...indented(part(`${c}2`))]),
        'script',
        ...part('s'),
        ...part('n').map((line) => line.slice(2)),
      ].sort(),
    );
  });

  test('of a job that a job adds, that is tried again, and of several at once', async () => {
    const name = queues.name();
    const telemetry = contextTelemetry();
    const queue = queues.queue(name, telemetry);
    let next: Job | undefined;
    const worker = queues.worker(
      name,
      (job: Job) =>
        withSpan(`${job.name} ${job.attemptsMade}`, async () => {
          if (job.name === 'first') next = await queue.add('second', {}, { attempts: 2 });
          if (job.name === 'second' && job.attemptsMade === 0) throw new Error('once more');
        }),
      telemetry,
    );
    const first = await request('request', () => queue.addBulk([{ name: 'first', data: {} }]));
    await work(worker, ...first);
    await work(worker, next);
    expect(tree()).toEqual(['request', '  first 0', '    second 0', '    second 1']);
  });

  test('of a processor behind withJobContext alone', async () => {
    const name = queues.name();
    const job = await request('request', () =>
      queues.queue(name, contextTelemetry()).add('work', { name: 'x' }),
    );
    await work(queues.worker(name, withJobContext(process)), job);
    expect(tree()).toEqual(['request', ...part('x')]);
  });

  test('with bullmq-otel are children of its spans, which belong to the unit of work of the job', async () => {
    const name = queues.name();
    const telemetry = () => contextTelemetry(new BullMQOtel());
    const job = await request('request', () => queues.queue(name, telemetry()).add('work', { name: 'x' }));
    const worker = queues.worker(
      name,
      async (own: Job) => {
        const { unit } = currentFrame() as NonNullable<ReturnType<typeof currentFrame>>;
        return [await process(own), active(), unit.enter(active)];
      },
      telemetry(),
    );
    const consumes = `process ${name}`;
    expect(await work(worker, job)).toEqual([['job', consumes, consumes]]);
    // Its span ends after it has told of the job.
    await worker.close();
    expect(treeOf(/^(request|add|process|task)/)).toEqual([
      'request',
      `  add ${name}.work`,
      `    ${consumes}`,
      ...part('x').map((line) => `    ${line}`),
    ]);
  });

  test('of a scheduler are in traces of their own where nothing is to be carried', async () => {
    const name = queues.name();
    const queue = queues.queue(name, contextTelemetry());
    const tick = await request('request', () =>
      queue.upsertJobScheduler('tick', { every: 100_000, limit: 1 }),
    );
    const worker = queues.worker(
      name,
      async () => withSpan('tick', () => active()),
      contextTelemetry(undefined, { schedulers: 'empty' }),
    );
    await work(worker, tick);
    expect(tree()).toEqual(['request', 'tick']);
  });

  test.each([
    [
      'in a request',
      (fn: () => Promise<unknown>) => request('request', fn),
      ['request', '  tick', '  tick', '  tick'],
    ],
    // BullMQ adds the next one while it works off the one before.
    ['by nobody', (fn: () => Promise<unknown>) => fn(), ['tick', 'tick', 'tick']],
  ])(
    'of the ticks of a scheduler that is registered %s are never one within the other',
    async (_where, enter, expected) => {
      const name = queues.name();
      const telemetry = contextTelemetry();
      const queue = queues.queue(name, telemetry);
      await enter(() => queue.upsertJobScheduler('tick', { every: 20, limit: 3 }));
      const worker = queues.worker(name, async (job: Job) => withSpan('tick', () => job.id), telemetry);
      const ticked = new Promise<void>((resolve) => {
        let ticks = 0;
        worker.on('completed', () => {
          ticks += 1;
          if (ticks === 3) resolve();
        });
      });
      void worker.run();
      await ticked;
      expect(tree()).toEqual(expected);
    },
  );

  test('a job whose carrier is refused has no trace of it', async () => {
    const name = queues.name();
    const key = 'k'.repeat(32);
    const job = await request('request', () =>
      queues.queue(name, contextTelemetry()).add('work', { name: 'x' }),
    );
    const worker = queues.worker(
      name,
      async () => active() ?? 'none',
      contextTelemetry(undefined, { verify: { keys: { one: key } } }),
    );
    expect(await work(worker, job)).toEqual(['none']);
  });
});
