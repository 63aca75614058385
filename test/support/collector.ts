import { setImmediate as macrotask } from 'node:timers/promises';

const TURNS = 20;

interface Named {
  readonly ref: WeakRef<object>;
}

/**
 * Runs the garbage collector until `isDone` says so, or gives up after some turns of the event loop: a WeakRef keeps its
 * target until the job is over in which it was made or read. A collection takes long where the heap is full of other tests.
 */
export async function collectUntil(isDone: () => boolean): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('these tests need --expose-gc');
  for (let turn = 0; turn < TURNS && !isDone(); turn++) {
    await macrotask();
    gc();
  }
}

/** Those of `refs` that the collector leaves. */
export async function stillHeld<T extends Named | WeakRef<object>>(
  refs: readonly T[],
  allowed = 0,
): Promise<T[]> {
  const held = () => refs.filter((one) => (one instanceof WeakRef ? one : one.ref).deref() !== undefined);
  await collectUntil(() => held().length <= allowed);
  return held();
}
