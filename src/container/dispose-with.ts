import { channels, reportError, type Unit } from '../core/internal.js';
import type { Scoped } from './scoped.js';
import { scopedOf } from './stand-in.js';
import { UnitInstances } from './unit-instances.js';

type Dispose = () => unknown;

/** Disposes of `made` when `unit` ends, the last one first; now, where it has ended. */
export function disposeWith(unit: Unit, scoped: Scoped, made: object): void {
  const { name } = scoped;
  if (channels.instanceStart.hasSubscribers) channels.instanceStart.publish({ unit, name });
  const dispose = isDisposedElsewhere(unit, made) ? undefined : disposeOf(made);
  if (dispose === undefined && !channels.instanceEnd.hasSubscribers) return;
  if (unit.ended) {
    void unit.enter(() => run(unit, scoped, made, dispose));
    return;
  }
  if (dispose !== undefined) {
    const instances = UnitInstances.for(unit);
    instances.disposable ??= new Set();
    instances.disposable.add(made);
  }
  unit.on('dispose', () => run(unit, scoped, made, dispose));
}

/** What stands in for another one's instance, or what another factory has given too. */
function isDisposedElsewhere(unit: Unit, made: object): boolean {
  return scopedOf(made) !== undefined || UnitInstances.in(unit)?.disposable?.has(made) === true;
}

function disposeOf(made: object): Dispose | undefined {
  const { [Symbol.asyncDispose]: later, [Symbol.dispose]: now } = made as Partial<
    AsyncDisposable & Disposable
  >;
  const dispose = later ?? now;
  return typeof dispose === 'function' ? dispose : undefined;
}

/** Never throws: one that cannot be disposed of must not keep the others. */
function run(
  unit: Unit,
  scoped: Scoped,
  made: object,
  dispose: Dispose | undefined,
): Promise<void> | undefined {
  let result: unknown;
  try {
    result = dispose?.call(made);
  } catch (error) {
    settled(unit, scoped, { error });
    return undefined;
  } finally {
    // Not when it has settled: what is left running is not to get one that is being disposed of.
    if (dispose !== undefined) letGo(unit, scoped);
  }
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') {
    settled(unit, scoped);
    return undefined;
  }
  // A promise of ours, because a thenable of others may call back from anywhere.
  return Promise.resolve(result).then(
    () => settled(unit, scoped),
    (error: unknown) => settled(unit, scoped, { error }),
  );
}

function settled(unit: Unit, { name }: Scoped, failure?: { readonly error: unknown }): void {
  if (failure !== undefined) reportError(failure.error, `while disposing of context-scoped '${name}'`);
  if (channels.instanceEnd.hasSubscribers) channels.instanceEnd.publish({ unit, name, ...failure });
}

function letGo(unit: Unit, scoped: Scoped): void {
  const instances = UnitInstances.in(unit);
  if (instances === undefined) return;
  instances.delete(scoped);
  instances.gone ??= new Set();
  instances.gone.add(scoped);
}
