import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { Frame } from './frame.js';
import { firstLoaded } from './shared.js';
import { requireRoom } from './stack-room.js';

/**
 * Of Node's two context engines, the newer one leaves a store by calling functions. Where the stack overflows inside `run`
 * there may be no room for them, and whoever catches the error goes on in a context that is not his: so nothing is entered
 * without that room. The older engine, which has hooks to enable, leaves by an assignment.
 */
const leavesByCalls = !('_enable' in AsyncLocalStorage.prototype);

/**
 * The only AsyncLocalStorage of this library, and the only file that touches one.
 *
 * Of its methods only `run` and `getStore` are used. Those that set a store for whatever comes next leak into callers,
 * into siblings and, on Node 20 and 22, into the next request on the same keep-alive connection (nodejs/node#41978,
 * #53037); those that leave or turn off a storage differ between the two async context engines (nodejs/node#62290).
 */
export const storage: AsyncLocalStorage<Frame | undefined> = firstLoaded('storage', makeStorage);

function makeStorage(): AsyncLocalStorage<Frame | undefined> {
  const made = new AsyncLocalStorage<Frame | undefined>();
  if (!leavesByCalls) return made;
  const { run } = made;
  made.run = <R>(frame: Frame | undefined, fn: () => R): R => {
    requireRoom();
    return run.call(made, frame, fn) as R;
  };
  return made;
}

/** For the storages of other libraries, which are entered around ours. */
export function requireRoomToLeave(): void {
  if (leavesByCalls) requireRoom();
}

/**
 * Runs `fn` outside the AsyncLocalStorage of another library, given that one's `exit`. On the async_hooks engine `exit`
 * alone turns it off only until something in `fn` turns it on again, and then the old store is back; a resource that is
 * made meanwhile has none.
 */
export function outsideForeign<R>(exit: <T>(fn: () => T) => T, fn: () => R): R {
  // It turns it on again by a call.
  requireRoom();
  return exit(() => AsyncResource.bind(fn))();
}
