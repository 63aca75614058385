import type { ModulesContainer } from '@nestjs/core';
import { runTrackedUnit } from '../core/internal.js';
import type { ModuleLog } from './module-log.js';
import { providersNamed, withMethods } from './providers-named.js';

type Event = string | symbol | readonly (string | symbol)[];
type Listener = (this: unknown, ...args: unknown[]) => unknown;
type Add = (event: Event, listener: Listener, ...rest: unknown[]) => unknown;

/** Of `@nestjs/event-emitter`: what adds the methods that have `@OnEvent` to the emitter. */
interface Loader {
  onApplicationBootstrap(): unknown;
}

interface Emitter {
  on: Add;
  prependListener: Add;
  emitAsync(event: Event, ...args: unknown[]): Promise<unknown>;
}

/**
 * Makes each call of an `@OnEvent` listener a unit of work in a fork of the context that the event was emitted in. To be
 * called before the listeners are added; those that are added by hand are left as they are.
 */
export function openAtListeners(modules: ModulesContainer, log: ModuleLog): void {
  for (const found of providersNamed(modules, 'EventEmitterModule', 'EventSubscribersLoader')) {
    const loader = withMethods<Loader>(found, ['onApplicationBootstrap']);
    const emitter = emitterOf(found);
    if (loader !== undefined && emitter !== undefined) openAtLoader(loader, emitter);
    else
      log.warn(
        'This version of @nestjs/event-emitter is not known: its listeners are no units of work. Put @PreserveContext on each.',
      );
  }
}

/** Whatever its class is called. */
function emitterOf(loader: object): Emitter | undefined {
  for (const held of Object.values(loader)) {
    if (typeof held !== 'object' || held === null) continue;
    const emitter = withMethods<Emitter>(held, ['on', 'prependListener', 'emitAsync']);
    if (emitter !== undefined) return emitter;
  }
  return undefined;
}

function openAtLoader(loader: Loader, emitter: Emitter): void {
  const { onApplicationBootstrap } = loader;
  loader.onApplicationBootstrap = () => {
    const own = { ...emitter };
    const { on, prependListener } = emitter;
    const forked =
      (add: Add): Add =>
      (event, listener, ...rest) =>
        add.call(emitter, event, asFork(nameOf(event), listener), ...rest);
    emitter.on = forked(on);
    emitter.prependListener = forked(prependListener);
    try {
      return onApplicationBootstrap.call(loader);
    } finally {
      restore(emitter, own, 'on');
      restore(emitter, own, 'prependListener');
    }
  };
}

/** Its class may still be patched by others. */
function restore(emitter: Emitter, own: Partial<Emitter>, key: 'on' | 'prependListener'): void {
  const before = own[key];
  if (before === undefined) Reflect.deleteProperty(emitter, key);
  else emitter[key] = before;
}

function asFork(name: string, listener: Listener): Listener {
  return function (...args) {
    return runTrackedUnit({ kind: 'event', name, fork: true }, () => listener.apply(this, args));
  };
}

function nameOf(event: Event): string {
  return Array.isArray(event) ? event.map(String).join('.') : String(event);
}
