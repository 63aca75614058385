import { wrongArgument } from './arguments.js';
import { bindObservable as bindInside } from './bound-observable.js';
import { captureExtent } from './captured-extent.js';
import type { Subscribable } from './lazy-result.js';

/**
 * The Observable as one where each subscription, its operators, callbacks and teardown, runs in the live Context in which
 * it was made; by itself a Subject calls its subscribers in the context of whoever calls `next()`, and schedulers and
 * shared sources in that of whoever came first. What is bound last, nearest to the subscriber, counts. Bindings are
 * captured as by {@link bindContext}. Subscribed to outside any context, it runs outside any.
 *
 * @throws TypeError where it has no `subscribe`.
 *
 * @example
 * bindObservable(prices).pipe(map(convert)).subscribe((price) => quote(tenant.get(), price));
 */
export function bindObservable<T extends { subscribe(...args: never[]): unknown }>(source: T): T {
  const object: unknown = source;
  if (
    typeof object !== 'object' ||
    object === null ||
    !('subscribe' in object) ||
    !isFunction(object.subscribe)
  )
    throw wrongArgument('bindObservable', 'an Observable', source);
  const subscribe = (...args: unknown[]): unknown => {
    const extent = captureExtent()();
    return extent.run(() => bindInside(object as Subscribable, () => extent).subscribe(...args));
  };
  return new Proxy(source, {
    get: (target, key, receiver) => (key === 'subscribe' ? subscribe : Reflect.get(target, key, receiver)),
  });
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
