import type { ModulesContainer } from '@nestjs/core';
import { outsideAny, runTrackedUnit } from '../core/internal.js';
import type { ModuleLog } from './module-log.js';
import { providersNamed, withMethods } from './providers-named.js';
import { correlationId, requestId } from './request-ids.js';

type Tick = (this: unknown, ...args: unknown[]) => unknown;

/** Of `@nestjs/schedule`: what it hands a decorated method to, which is started when the application is. */
interface Orchestrator {
  addCron(tick: Tick, options: { readonly name?: string }): unknown;
  addInterval(tick: Tick, ms: number, name?: string): unknown;
  addTimeout(tick: Tick, ms: number, name?: string): unknown;
  onApplicationBootstrap(): unknown;
}

/** Looks at each method of each provider, and calls the above for those that are decorated. */
interface Explorer {
  lookupSchedulers(instance: object, method: string): unknown;
}

interface Registry {
  addCronJob(name: string, job: { fireOnTick: Tick }): unknown;
}

/**
 * Makes each tick of `@Cron`, `@Interval` and `@Timeout` a unit of work that starts empty. To be called before
 * `@nestjs/schedule` looks for what is decorated.
 */
export function openAtSchedules(modules: ModulesContainer, log: ModuleLog): void {
  const of = (className: string) => providersNamed(modules, 'ScheduleModule', className);
  const methods = ['addCron', 'addInterval', 'addTimeout', 'onApplicationBootstrap'] as const;
  for (const found of of('SchedulerOrchestrator')) {
    const orchestrator = withMethods<Orchestrator>(found, methods);
    if (orchestrator !== undefined) openAtOrchestrator(orchestrator, namesOf(of('ScheduleExplorer')));
    else
      log.warn(
        'This version of @nestjs/schedule is not known: its ticks are no units of work. Put @AsUnitOfWork on each.',
      );
  }
  for (const found of of('SchedulerRegistry')) {
    const registry = withMethods<Registry>(found, ['addCronJob']);
    if (registry !== undefined) keepOutside(registry);
  }
}

function openAtOrchestrator(orchestrator: Orchestrator, current: () => string | undefined): void {
  const { addCron, addInterval, addTimeout, onApplicationBootstrap } = orchestrator;
  orchestrator.addCron = (tick, options) =>
    addCron.call(orchestrator, asUnit('cron', options?.name ?? current(), tick), options);
  orchestrator.addInterval = (tick, ms, name) =>
    addInterval.call(orchestrator, asUnit('interval', name ?? current(), tick), ms, name);
  orchestrator.addTimeout = (tick, ms, name) =>
    addTimeout.call(orchestrator, asUnit('timeout', name ?? current(), tick), ms, name);
  // The timers must not keep what the application was started in.
  orchestrator.onApplicationBootstrap = () => outsideAny(() => onApplicationBootstrap.call(orchestrator));
}

/** What tells which method is being looked at; undefined where the explorer is not as it is known. */
function namesOf(explorers: readonly object[]): () => string | undefined {
  let name: string | undefined;
  for (const found of explorers) {
    const explorer = withMethods<Explorer>(found, ['lookupSchedulers']);
    const lookUp = explorer?.lookupSchedulers;
    if (explorer === undefined || lookUp === undefined) continue;
    explorer.lookupSchedulers = (instance, method) => {
      name = `${instance.constructor.name}.${method}`;
      try {
        return lookUp.call(explorer, instance, method);
      } finally {
        name = undefined;
      }
    };
  }
  return () => name;
}

function asUnit(kind: string, name: string | undefined, tick: Tick): Tick {
  return function (...args) {
    return runTrackedUnit({ kind, name }, (unit) => {
      // For the tasks and jobs that it starts.
      unit.cell.write(requestId.index, unit.id);
      unit.cell.write(correlationId.index, unit.id);
      return tick.apply(this, args);
    });
  };
}

/** A job that is added while the application runs, in a request perhaps, must not tick in that one's context for ever. */
function keepOutside(registry: Registry): void {
  const { addCronJob } = registry;
  registry.addCronJob = (name, job) => {
    const result = addCronJob.call(registry, name, job);
    const { fireOnTick } = job;
    job.fireOnTick = (...args) => outsideAny(() => fireOnTick.apply(job, args));
    return result;
  };
}
