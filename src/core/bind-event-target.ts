import { abortWith } from './abort-with.js';
import { bindContext } from './bind-context.js';

type Listener = Parameters<EventTarget['addEventListener']>[1];
type Options = Parameters<EventTarget['addEventListener']>[2];

/** What stands in for a listener for as long as that is registered. */
interface Registered {
  readonly bound: (event: Event) => unknown;
  readonly unlink: () => void;
}

/**
 * Makes the listeners and the `on...` handlers that `target` is given from now on run in the context in which
 * they are given. Adding one twice and removing it work as before.
 */
export function bindEventTarget(target: EventTarget): void {
  const { addEventListener, removeEventListener } = target;
  const listeners = new Map<string, WeakMap<object, Registered>>();

  const forget = (key: string, listener: object): Registered | undefined => {
    const registered = listeners.get(key)?.get(listener);
    registered?.unlink();
    listeners.get(key)?.delete(listener);
    return registered;
  };

  const register = (key: string, listener: NonNullable<Listener>, options: Options): Registered => {
    const { once = false, signal } = typeof options === 'object' && options !== null ? options : {};
    const bound = bindContext(function (this: unknown, event: Event): unknown {
      if (once) forget(key, listener);
      return typeof listener === 'function'
        ? (Reflect.apply(listener, this, [event]) as unknown)
        : listener.handleEvent(event);
    });
    // Else one that is added again after that would run in the context of the first time.
    const unlink = abortWith(signal, () => forget(key, listener));
    const registered = { bound, unlink };
    const ofKey = listeners.get(key) ?? new WeakMap();
    // With a signal that has aborted it is not added at all.
    if (!signal?.aborted) listeners.set(key, ofKey.set(listener, registered));
    return registered;
  };

  define(target, 'addEventListener', (type: string, listener: Listener, options?: Options) => {
    // Node's own error or warning says so better.
    if (!isListener(listener)) return addEventListener.call(target, type, listener, options);
    const key = keyOf(type, options);
    // The same again is no second listener.
    const { bound } = listeners.get(key)?.get(listener) ?? register(key, listener, options);
    return addEventListener.call(target, type, bound, options);
  });
  define(target, 'removeEventListener', (type: string, listener: Listener, options?: Options) => {
    const registered = isListener(listener) ? forget(keyOf(type, options), listener) : undefined;
    // As an object: Node takes `true` only where a listener is added.
    const capture = isCapture(options);
    return removeEventListener.call(target, type, registered?.bound ?? listener, { capture });
  });
  bindHandlers(target);
}

function isListener(listener: Listener): listener is NonNullable<Listener> {
  return typeof listener === 'function' || (typeof listener === 'object' && listener !== null);
}

/** `signal.onabort = ...`: Node keeps one listener for all that are ever assigned. */
function bindHandlers(target: EventTarget): void {
  for (
    let from: object = target;
    from !== Object.prototype && from !== null;
    from = Object.getPrototypeOf(from)
  ) {
    for (const [key, { get, set }] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (!/^on[a-z]/.test(key) || get === undefined || set === undefined || Object.hasOwn(target, key))
        continue;
      let given: { readonly handler: unknown; readonly bound: unknown } | undefined;
      Object.defineProperty(target, key, {
        get: () => {
          const current: unknown = get.call(target);
          return given !== undefined && current === given.bound ? given.handler : current;
        },
        set: (handler: unknown) => {
          const bound = typeof handler === 'function' ? bindContext(handler as () => unknown) : handler;
          given = { handler, bound };
          set.call(target, bound);
        },
        configurable: true,
        enumerable: false,
      });
    }
  }
}

/** What tells two registrations of the same listener apart. */
function keyOf(type: string, options: Options): string {
  return `${isCapture(options) ? 'capture' : 'bubble'}:${type}`;
}

function isCapture(options: Options): boolean {
  return Boolean(typeof options === 'object' && options !== null ? options.capture : options);
}

function define(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, writable: true, enumerable: false });
}
