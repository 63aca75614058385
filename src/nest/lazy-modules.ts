import type { LazyModuleLoader } from '@nestjs/core';
import { outsideAny } from '../core/internal.js';

/**
 * Makes a module that is loaded in a request be evaluated and built outside it: its singletons, and the timers and connections
 * that they open, belong to all requests.
 */
export function loadOutsideAny(loader: LazyModuleLoader): void {
  const { load } = loader;
  loader.load = (...args) => outsideAny(() => load.apply(loader, args));
}
