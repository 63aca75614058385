import { wrongArgument } from './arguments.js';

/** @throws TypeError where `signal` is neither an AbortSignal, of whatever realm, nor undefined. */
export function requireOptionalSignal(
  where: string,
  signal: unknown,
): asserts signal is AbortSignal | undefined {
  if (signal === undefined) return;
  const { aborted, addEventListener } = (signal ?? {}) as Partial<AbortSignal>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') {
    throw wrongArgument(where, 'an AbortSignal as signal', signal);
  }
}

type Abort = (reason: unknown) => void;

/** What is to be called for each signal: one listener for all, because Node warns of a leak from the eleventh on. */
const linked = new WeakMap<AbortSignal, { readonly aborts: Set<Abort>; readonly unlisten: () => void }>();

/** Calls `abort` when `signal` aborts, at once if it has; gives what takes that back. */
export function abortWith(signal: AbortSignal | undefined, abort: Abort): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    abort(signal.reason);
    return () => {};
  }
  const { aborts, unlisten } = linked.get(signal) ?? listen(signal);
  aborts.add(abort);
  // The signal of a server lasts longer than its tasks, and must not hold them.
  return () => {
    if (aborts.delete(abort) && aborts.size === 0) unlisten();
  };
}

function listen(signal: AbortSignal) {
  const aborts = new Set<Abort>();
  const onAbort = () => {
    linked.delete(signal);
    for (const abort of [...aborts]) abort(signal.reason);
    aborts.clear();
  };
  const unlisten = () => {
    linked.delete(signal);
    signal.removeEventListener('abort', onAbort);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const link = { aborts, unlisten };
  linked.set(signal, link);
  return link;
}
