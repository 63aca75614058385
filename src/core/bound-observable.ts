import type { Extent } from './extent.js';
import { captureForeign, runForeign } from './foreign-states.js';
import type { Subscribable } from './lazy-result.js';
import { storage } from './storage.js';

type Callback = (...args: unknown[]) => unknown;
type Observer = { next?: Callback; error?: Callback; complete?: Callback };
const CALLBACKS = ['next', 'error', 'complete'] as const;
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
    const errors: unknown[] = [];
    for (const teardown of teardowns) {
      try {
        run(teardown);
      } catch (error) {
        // As in rxjs, the others are not to be left out.
        errors.push(error);
      }
    }
    teardowns.clear();
    extent.end();
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} teardowns failed`);
    if (errors.length === 1) throw errors[0];
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
    error: (error) => {
      if (!closed) extent.fail?.(error);
      last(() => to.error(error));
    },
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
  const inside = (callback: unknown, self: unknown, isError = false): unknown => {
    if (typeof callback !== 'function') return callback;
    return (...values: unknown[]) => {
      if (isError) extent.fail?.(values[0]);
      return outside(() => callback.apply(self, values));
    };
  };
  const [first] = args;
  const isObserver = typeof first === 'object' && first !== null;
  // Only what was given: rxjs reports an error that nobody handles by itself.
  const bound = isObserver
    ? [
        Object.fromEntries(
          CALLBACKS.filter((name) => name in first).map((name) => [
            name,
            inside((first as Observer)[name], first, name === 'error'),
          ]),
        ),
      ]
    : args.map((callback, i) => inside(callback, undefined, i === 1));
  const subscription = extent.run(() => source.subscribe(...bound));
  // A store that looks like an Observable gives a function.
  if (typeof subscription === 'function') {
    return () => {
      try {
        extent.run(() => subscription());
      } finally {
        extent.end();
      }
    };
  }
  const { unsubscribe } = subscription as Subscriber;
  const closable = subscription as Partial<Subscriber> & { unsubscribe(): void };
  closable.unsubscribe = () => extent.run(() => unsubscribe.call(closable));
  // Runs at once where the source has completed already.
  closable.add?.(() => extent.end());
  return closable;
}
