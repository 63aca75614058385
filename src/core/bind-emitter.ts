import type { EventEmitter } from 'node:events';
import { wrongArgument } from './arguments.js';
import { bindContext } from './bind-context.js';
import { bindEventTarget } from './bind-event-target.js';

type Listener = (...args: never[]) => unknown;
type Add = (event: string | symbol, listener: Listener) => EventEmitter;

const BOUND = Symbol.for('nestjs-contextvars.bound-emitter');

const ADD = ['on', 'addListener', 'prependListener'] as const;
const ADD_ONCE = { once: 'on', prependOnceListener: 'prependListener' } as const;

/**
 * Makes listeners that are added to `emitter` from now on run in the context in which they are added; Node
 * runs them in the one of `emit`, `dispatchEvent` or `abort` (nodejs/node#33723). Returns the emitter. Listeners are removed
 * as before.
 *
 * @param emitter an EventEmitter (a stream, a socket, a Redis client) or an EventTarget (an AbortSignal, a
 * MessagePort, a WebSocket); of the latter also the handlers that are assigned, as to `onabort`.
 * @throws TypeError where it is neither.
 *
 * @example
 * bindEmitter(socket).on('data', (chunk) => logger.log(requestId.get()));
 * bindEmitter(signal).addEventListener('abort', () => logger.log(requestId.get()));
 */
export function bindEmitter<
  E extends Pick<EventEmitter, 'on' | 'once' | 'emit' | 'removeListener'> | EventTarget,
>(emitter: E): E {
  const target = emitter as unknown as EventEmitter & EventTarget & { [BOUND]?: true };
  if (typeof target !== 'object' || target === null || !(isEventTarget(target) || isEmitter(target))) {
    throw wrongArgument('bindEmitter', 'an EventEmitter or an EventTarget', emitter);
  }
  if (target[BOUND]) return emitter;
  define(target, BOUND, true);
  // A MessagePort is both, and its `on` calls its `addEventListener`.
  if (isEventTarget(target)) bindEventTarget(target);
  else bindEventEmitter(target);
  return emitter;
}

function isEventTarget(target: Partial<EventTarget>): boolean {
  return typeof target.addEventListener === 'function' && typeof target.dispatchEvent === 'function';
}

function isEmitter(target: Partial<EventEmitter>): boolean {
  return typeof target.on === 'function' && typeof target.emit === 'function';
}

function bindEventEmitter(target: EventEmitter): void {
  const original = {
    on: target.on,
    addListener: target.addListener,
    prependListener: target.prependListener,
  };
  for (const name of ADD) {
    const add: Add = (event, listener) => {
      // Not a function: Node's own error says so better.
      const bound = typeof listener === 'function' ? removable(bindContext(listener), listener) : listener;
      return original[name].call(target, event, bound as (...args: unknown[]) => void);
    };
    define(target, name, add);
  }
  for (const [name, via] of Object.entries(ADD_ONCE)) {
    const addOnce: Add = (event, listener) => {
      if (typeof listener !== 'function') return original[via].call(target, event, listener);
      const bound = bindContext(listener);
      const once = function (this: unknown, ...args: never[]): unknown {
        target.removeListener(event, once as () => void);
        return Reflect.apply(bound, this, args);
      };
      return original[via].call(target, event, removable(once, listener) as () => void);
    };
    define(target, name, addOnce);
  }
}

/** `removeListener` and `listeners` of Node look at this property, for the sake of `once`. */
function removable<F extends Listener>(bound: F, listener: Listener): F {
  const original = (listener as { listener?: Listener }).listener ?? listener;
  return Object.assign(bound, { listener: original });
}

function define(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, writable: true, enumerable: false });
}
