import { channels, reportError, type Unit } from '../core/internal.js';
import type { Scoped } from './scoped.js';
import { scopedOf } from './stand-in.js';

type Dispose = () => unknown;

/** Disposes of `made` when `unit` ends, the last one first; now, where it has ended. */
export function disposeWith(unit: Unit, { name }: Pick<Scoped, 'name'>, made: object): void {
  if (channels.instanceStart.hasSubscribers) channels.instanceStart.publish({ unit, name });
  // What stands in for another one's instance is disposed of there.
  if (scopedOf(made) !== undefined) return;
  const dispose = disposeOf(made);
  if (dispose === undefined && !channels.instanceEnd.hasSubscribers) return;
  const end = () => run(unit, name, () => dispose?.call(made));
  if (unit.ended) void end();
  else unit.on('dispose', end);
}

function disposeOf(made: object): Dispose | undefined {
  const { [Symbol.asyncDispose]: later, [Symbol.dispose]: now } = made as Partial<AsyncDisposable & Disposable>;
  const dispose = later ?? now;
  return typeof dispose === 'function' ? dispose : undefined;
}

/** Never throws: one that cannot be disposed of must not keep the others. */
function run(unit: Unit, name: string, dispose: Dispose): Promise<void> | undefined {
  const settled = (error?: unknown, failed = false) => {
    if (failed) reportError(error, `while disposing of context-scoped '${name}'`);
    if (channels.instanceEnd.hasSubscribers)
      channels.instanceEnd.publish(failed ? { unit, name, error } : { unit, name });
  };
  let result: unknown;
  try {
    result = dispose();
  } catch (error) {
    settled(error, true);
    return undefined;
  }
  if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') {
    settled();
    return undefined;
  }
  // A promise of ours, because a thenable of others may call back from anywhere.
  return Promise.resolve(result).then(
    () => settled(),
    (error) => settled(error, true),
  );
}
