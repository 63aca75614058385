import type { Extent } from './extent.js';
import { captureForeign, runForeign } from './foreign-context.js';
import type { Subscribable } from './lazy-result.js';
import { storage } from './storage.js';

type Callback = (...args: unknown[]) => unknown;
type Observer = { next?: Callback; error?: Callback; complete?: Callback };
type Teardown = (() => void) | { unsubscribe(): void };
type Inside = <R>(fn: () => R) => R;

/** What rxjs's `isSubscriber` asks for: an observer that operators also use as the subscription. */
interface Subscriber extends Required<Observer> {
  readonly closed: boolean;
  add(teardown: Teardown): void;
  remove(teardown: Teardown): void;
  unsubscribe(): void;
}

/**
 * An Observable that does its work inside; each subscription has an extent of its own, which ends when it
 * completes, fails or is unsubscribed. What the consumer gave is called where the consumer subscribed.
 */
export function bindObservable<T extends Subscribable>(source: T, again: () => Extent): T {
  const subscribe = (...args: unknown[]): unknown => {
    const extent = again();
    const outside = here(extent.movesForeign);
    extent.pend();
    try {
      return isSubscriber(args[0])
        ? subscribeSubscriber(source, args[0], extent, outside)
        : subscribeObserver(source, args, extent, outside);
    } catch (error) {
      extent.end();
      throw error;
    }
  };
  return new Proxy(source, {
    get: (target, key, receiver) => (key === 'subscribe' ? subscribe : Reflect.get(target, key, receiver)),
  });
}

function here(movesForeign: boolean): Inside {
  const frame = storage.getStore();
  if (!movesForeign) return (fn) => storage.run(frame, fn);
  const states = captureForeign();
  return (fn) => runForeign(states, () => storage.run(frame, fn));
}

function isSubscriber(value: unknown): value is Subscriber {
  const subscriber = value as Partial<Subscriber> | null;
  return (
    typeof subscriber === 'object' &&
    typeof subscriber?.next === 'function' &&
    typeof subscriber.add === 'function' &&
    typeof subscriber.unsubscribe === 'function' &&
    'closed' in subscriber
  );
}

// An operator's or a SafeSubscriber: stands in for it, so that a synchronous source sees `closed` at once.
function subscribeSubscriber(source: Subscribable, to: Subscriber, extent: Extent, outside: Inside): unknown {
  const teardowns = new Set<Teardown>();
  let closed = false;
  const run = (teardown: Teardown): void =>
    extent.run(() => (typeof teardown === 'function' ? teardown() : teardown.unsubscribe()));
  const close = (): void => {
    if (closed) return;
    closed = true;
    try {
      for (const teardown of teardowns) run(teardown);
    } finally {
      teardowns.clear();
      extent.end();
    }
  };
  const last = (deliver: () => unknown): void => {
    if (closed) return;
    try {
      outside(deliver);
    } finally {
      close();
    }
  };
  const sink: Subscriber = {
    get closed() {
      return closed || to.closed;
    },
    next: (value) => closed || outside(() => to.next(value)),
    error: (error) => last(() => to.error(error)),
    complete: () => last(() => to.complete()),
    add: (teardown) => {
      if (teardown === undefined || teardown === null || teardown === sink) return;
      if (closed) run(teardown);
      else teardowns.add(teardown);
    },
    remove: (teardown) => void teardowns.delete(teardown),
    unsubscribe: close,
  };
  to.add(sink);
  const subscription = extent.run(() => source.subscribe(sink));
  if (subscription !== sink) sink.add(subscription as Teardown);
  return sink;
}

function subscribeObserver(source: Subscribable, args: unknown[], extent: Extent, outside: Inside): unknown {
  const observer = toObserver(args);
  // Only what was given: rxjs reports an error that nobody handles by itself.
  const bound: Observer = {};
  for (const name of ['next', 'error', 'complete'] as const) {
    const callback = observer[name];
    if (typeof callback !== 'function') continue;
    bound[name] = (...values) => outside(() => callback.apply(observer, values));
  }
  const subscription = extent.run(() => source.subscribe(bound)) as Partial<Subscriber> & {
    unsubscribe(): void;
  };
  const unsubscribe = subscription.unsubscribe.bind(subscription);
  subscription.unsubscribe = () => extent.run(unsubscribe);
  // Runs at once where the source has completed already.
  if (typeof subscription.add === 'function') subscription.add(() => extent.end());
  return subscription;
}

function toObserver(args: unknown[]): Observer {
  const [first, error, complete] = args;
  if (typeof first === 'object' && first !== null) return first as Observer;
  return { next: first, error, complete } as Observer;
}
