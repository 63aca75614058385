import { currentUnit, PreserveContext, runUnitOfWork } from 'nestjs-contextvars';
import { contextTelemetry, WithJobContext, withJobContext } from 'nestjs-contextvars/bullmq';
import { asCaller, locale, nothing, seen, tenant } from './support/caller.js';
import { describeOnBackends, work } from './support/queue-backends.js';

const telemetry = contextTelemetry();

describeOnBackends('withJobContext', (queues) => {
  test('in a worker without a telemetry opens a unit of work for each job', async () => {
    const name = queues.name();
    const job = await asCaller('acme', () => queues.queue(name, telemetry).add('work', {}));
    const process = withJobContext(async () => ({ ...seen(), kind: currentUnit()?.kind }));

    expect(await work(queues.worker(name, process), job)).toEqual([
      { ...nothing, tenant: 'acme', kind: 'job' },
    ]);
  });

  test('in a worker with one joins the unit that it has opened', async () => {
    const name = queues.name();
    const job = await asCaller('acme', () => queues.queue(name, telemetry).add('work', {}));
    const worker = queues.worker(
      name,
      withJobContext(async () => currentUnit()?.id),
      telemetry,
    );
    const heard = new Promise((resolve) => worker.on('completed', () => resolve(currentUnit()?.id)));

    const [inProcessor] = await work(worker, job);
    expect(inProcessor).toBe(await heard);
  });

  test.each([
    ['with', telemetry],
    ['without', undefined],
  ])('cancelling a job aborts the signal of its unit, in its context: %s a telemetry', async (_, own) => {
    const name = queues.name();
    const job = await asCaller('acme', () => queues.queue(name, telemetry).add('work', {}));
    const process = withJobContext(async () => {
      const signal = currentUnit()?.signal as AbortSignal;
      const told = new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve([signal.reason, tenant.get('-')]));
      });
      runUnitOfWork({ kind: 'operator' }, () => {
        tenant.set('operator');
        worker.cancelJob(job.id as string, 'enough');
      });
      return told;
    });
    const worker = queues.worker(name, process, own);

    expect(await work(worker, job)).toEqual([['enough', 'acme']]);
  });

  test('@WithJobContext() does it to a method, beside @PreserveContext() in either order', async () => {
    class Processors {
      @WithJobContext()
      async alone() {
        return [this instanceof Processors, tenant.get(), currentUnit()?.kind];
      }

      @WithJobContext()
      @PreserveContext()
      async above() {
        return [this instanceof Processors, tenant.get(), currentUnit()?.kind];
      }

      @PreserveContext()
      @WithJobContext()
      async below() {
        return [this instanceof Processors, tenant.get(), currentUnit()?.kind];
      }
    }
    const processors = new Processors();
    const results: unknown[] = [];
    for (const method of ['alone', 'above', 'below'] as const) {
      const name = queues.name();
      const job = await asCaller('acme', () => queues.queue(name, telemetry).add('work', {}));
      const worker = queues.worker(name, processors[method].bind(processors), telemetry);
      results.push(...(await work(worker, job)));
    }

    expect(results).toEqual([
      [true, 'acme', 'job'],
      [true, 'acme', 'preserved'],
      [true, 'acme', 'preserved'],
    ]);
  });

  test('a processor that calls another one for another job gives that one the context of its own job', async () => {
    const inner = withJobContext(async () => [tenant.get('-'), locale.get('-')]);
    const job = { id: 'other', queueName: 'others', opts: {} };
    const outer = withJobContext(async () => {
      locale.set('de');
      return [await inner(job), tenant.get('-')];
    });
    const name = queues.name();
    const added = await asCaller('acme', () => queues.queue(name, telemetry).add('work', {}));

    expect(await work(queues.worker(name, outer, telemetry), added)).toEqual([[['-', '-'], 'acme']]);
  });
});
