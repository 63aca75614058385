import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { Frame } from './frame.js';
import { firstLoaded } from './shared.js';

/**
 * The only AsyncLocalStorage of this library, and the only file that touches one.
 *
 * Of its methods only `run` and `getStore` are used. Those that set a store for whatever comes next leak into callers,
 * into siblings and, on Node 20 and 22, into the next request on the same keep-alive connection (nodejs/node#41978,
 * #53037); those that leave or turn off a storage differ between the two async context engines (nodejs/node#62290).
 */
export const storage: AsyncLocalStorage<Frame | undefined> = firstLoaded(
  'storage',
  () => new AsyncLocalStorage<Frame | undefined>(),
);

/**
 * Runs `fn` outside the AsyncLocalStorage of another library, given that one's `exit`. On the async_hooks engine `exit`
 * alone turns it off only until something in `fn` turns it on again, and then the old store is back; a resource that is
 * made meanwhile has none.
 */
export function outsideForeign<R>(exit: <T>(fn: () => T) => T, fn: () => R): R {
  return exit(() => AsyncResource.bind(fn))();
}
