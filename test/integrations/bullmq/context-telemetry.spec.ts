import type { Job } from 'bullmq';
import {
  Context,
  createTask,
  currentCorrelationId,
  currentRequestId,
  currentUnit,
  PreserveContext,
  runUnitOfWork,
  withTempContext,
} from 'nestjs-contextvars';
import { contextTelemetry, withJobContext } from 'nestjs-contextvars/bullmq';
import { Gate } from '../../nest/http/support/gate.js';
import { asCaller, locale, nothing, role, seen, tenant, UUID } from './support/caller.js';
import { describeOnBackends, work } from './support/queue-backends.js';

const telemetry = contextTelemetry();

describeOnBackends('contextTelemetry', (queues) => {
  test('a job sees the variables with a codec of where it was added, and no other value of its caller', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    const job = await asCaller('acme', () =>
      withTempContext([role.as('admin'), locale.as('de')], () => queue.add('work', {})),
    );
    const worker = queues.worker(name, async () => seen(), telemetry);

    // A temporary variable is data and travels; a ScopedValue never does, neither its base nor a temporary role.
    expect(await work(worker, job)).toEqual([{ ...nothing, tenant: 'acme', locale: 'de' }]);
  });

  test('jobs of several callers that overlap keep apart, also after their first await', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    const callers = Array.from({ length: 20 }, (_, i) => `caller-${i}`);
    const jobs = await Promise.all(
      callers.map((caller) => asCaller(caller, () => queue.add('work', { caller }))),
    );
    const all = new Gate();
    let arrived = 0;
    const process = async (job: Job) => {
      const before = tenant.get();
      tenant.set(`${before}!`);
      arrived += 1;
      if (arrived === callers.length) all.open();
      await all.passed;
      return [job.data.caller, before, tenant.get()];
    };
    const worker = queues.worker(name, process, telemetry, { concurrency: callers.length });

    expect(await work(worker, ...jobs)).toEqual(callers.map((caller) => [caller, caller, `${caller}!`]));
  });

  test.each([
    ['a telemetry', (name: string) => queues.worker(name, async () => tenant.get('-'), telemetry)],
    [
      'withJobContext',
      (name: string) =>
        queues.worker(
          name,
          withJobContext(async () => tenant.get('-')),
        ),
    ],
  ])(
    'addBulk carries it for each of its jobs, and honours omitContext for one of them: %s',
    async (_, workerOf) => {
      const name = queues.name();
      const queue = queues.queue(name, telemetry);
      const jobs = await asCaller('acme', () =>
        queue.addBulk([
          { name: 'one', data: {} },
          { name: 'two', data: {}, opts: { telemetry: { omitContext: true } } },
          { name: 'three', data: {} },
        ]),
      );
      expect(await work(workerOf(name), ...jobs)).toEqual(['acme', '-', 'acme']);
    },
  );

  test('omitContext keeps it from the job, and from what is stored with it', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    const job = await asCaller('acme', () => queue.add('work', {}, { telemetry: { omitContext: true } }));
    expect(JSON.stringify((await queue.getJob(job.id as string))?.opts)).not.toContain('acme');
    const worker = queues.worker(name, async () => seen(), telemetry);

    expect(await work(worker, job)).toEqual([nothing]);
  });

  test('every job of a flow sees it, in whatever queue; a node without opts does not, which BullMQ gives no metadata', async () => {
    const [parents, children] = [queues.name('parents'), queues.name('children')];
    const flow = await asCaller('acme', () =>
      queues.flowProducer(telemetry).add({
        name: 'parent',
        queueName: parents,
        opts: {},
        children: [
          { name: 'child', queueName: children, opts: {} },
          { name: 'bare', queueName: children },
        ],
      }),
    );
    const process = async () => tenant.get('-');
    const parent = work(queues.worker(parents, process, telemetry), flow.job);
    const jobs = flow.children?.map(({ job }) => job) ?? [];

    expect(await work(queues.worker(children, process, telemetry), ...jobs)).toEqual(['acme', '-']);
    expect(await parent).toEqual(['acme']);
  });

  test('several flows at once carry it too', async () => {
    const name = queues.name();
    const flows = await asCaller('acme', () =>
      queues.flowProducer(telemetry).addBulk([
        { name: 'a', queueName: name, opts: {} },
        { name: 'b', queueName: name, opts: {} },
      ]),
    );
    const worker = queues.worker(name, async () => tenant.get('-'), telemetry);

    expect(await work(worker, ...flows.map(({ job }) => job))).toEqual(['acme', 'acme']);
  });

  test('each attempt begins with what the job brought, and not with what an earlier one has set', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    const job = await asCaller('acme', () => queue.add('work', {}, { attempts: 3 }));
    const attempts: [string, string][] = [];
    const units = new Set<string | undefined>();
    const process = async (current: Job) => {
      attempts.push([tenant.get(), locale.get('-')]);
      units.add(currentUnit()?.id);
      tenant.set('other');
      locale.set('fr');
      if (current.attemptsMade < 2) throw new Error('once more');
    };
    await work(queues.worker(name, process, telemetry), job);

    expect(attempts).toEqual(Array(3).fill(['acme', '-']));
    expect(units.size).toBe(3);
  });

  test('a job without a carrier begins empty, under a fresh id, whatever the worker was created in', async () => {
    const name = queues.name();
    const job = await queues.queue(name).add('work', {});
    const process = async () => ({ ...seen(), id: currentRequestId(), kind: currentUnit()?.kind });
    const [result] = await asCaller('boot', () => work(queues.worker(name, process, telemetry), job));

    expect(result).toEqual({ ...nothing, id: expect.stringMatching(UUID), kind: 'job' });
  });

  test('a job that a job adds goes on with its context, and belongs to the same conversation', async () => {
    const [first, second] = [queues.name('first'), queues.name('second')];
    const next = queues.queue(second, telemetry);
    const process = async () => {
      locale.set('de');
      return (await next.add('next', {})).id;
    };
    let began: string | undefined;
    const job = await asCaller('acme', () => {
      began = currentUnit()?.id;
      return queues.queue(first, telemetry).add('work', {});
    });
    const [id] = await work(queues.worker(first, process, telemetry), job);
    const worker = queues.worker(
      second,
      async () => [...Object.values(seen()), currentCorrelationId()],
      telemetry,
    );

    expect(await work(worker, { id: id as string })).toEqual([['acme', 'de', 'nobody', '-', began]]);
  });

  test('a unit of work whose id is no id for others adds a job all the same, which has its own', async () => {
    const name = queues.name();
    const job = await runUnitOfWork({ kind: 'import', id: 'a file: ü.csv' }, () => {
      tenant.set('acme');
      return queues.queue(name, telemetry).add('work', {});
    });
    const worker = queues.worker(name, async () => [tenant.get(), currentCorrelationId()], telemetry);

    expect(await work(worker, job)).toEqual([['acme', expect.stringMatching(UUID)]]);
  });

  test('@PreserveContext() on a processor copies the context of the job', async () => {
    class Processors {
      @PreserveContext()
      async process() {
        await null;
        return { ...seen(), kind: currentUnit()?.kind };
      }
    }
    const name = queues.name();
    const job = await asCaller('acme', () => queues.queue(name, telemetry).add('work', {}));
    const processors = new Processors();
    const worker = queues.worker(name, () => processors.process(), telemetry);

    expect(await work(worker, job)).toEqual([{ ...nothing, tenant: 'acme', kind: 'preserved' }]);
  });

  test('the listeners of a job are in its context; its unit of work has ended before those of the next one', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    const first = await asCaller('acme', () => queue.add('work', {}));
    const second = await asCaller('globex', () => queue.add('work', {}));
    const heard: unknown[] = [];
    const worker = queues.worker(name, async () => currentUnit()?.id, telemetry);
    worker.on('completed', (job, unit) => {
      const which = job.id === first.id ? 'first' : 'second';
      heard.push([which, tenant.get('-'), currentUnit()?.id === unit, currentUnit()?.ended]);
    });
    worker.on('active', (job) => {
      if (job.id === second.id) heard.push(['next', currentUnit()?.ended]);
    });
    await work(worker, first, second);

    expect(heard).toEqual([
      ['first', 'acme', true, false],
      ['next', true],
      ['second', 'globex', true, false],
    ]);
  });

  test('what a job leaves running keeps its variables and sees the end of its unit', async () => {
    const name = queues.name();
    const job = await asCaller('acme', () => queues.queue(name, telemetry).add('work', {}));
    const ended = new Gate();
    let left: Promise<unknown> | undefined;
    const process = async () => {
      currentUnit()?.signal.addEventListener('abort', () => ended.open());
      left = ended.passed.then(() => [tenant.get(), currentUnit()?.ended]);
    };
    await work(queues.worker(name, process, telemetry), job);

    expect(await left).toEqual(['acme', true]);
  });

  test('a task of a job is in its context', async () => {
    const name = queues.name();
    const job = await asCaller('acme', () => queues.queue(name, telemetry).add('work', {}));
    const process = () => createTask(async () => [tenant.get(), currentUnit()?.kind]);

    expect(await work(queues.worker(name, process, telemetry), job)).toEqual([['acme', 'task']]);
  });

  test('a value that is too large fails the add, and nothing is added', async () => {
    const name = queues.name();
    const queue = queues.queue(name, telemetry);
    const add = new Context().run(() => {
      tenant.set('x'.repeat(5000));
      return queue.add('work', {});
    });

    await expect(add).rejects.toMatchObject({ code: 'ERR_INVALID_CARRIER' });
    expect(await queue.getJobCountByTypes('waiting', 'active', 'completed')).toBe(0);
  });
});
