// What the other rooms need of the container. Without tsyringe, which an application on Nest does not need.

import { firstLoaded } from '../core/internal.js';
import * as own from './implementation.js';

const loaded: typeof own = firstLoaded('container', () => own);

export const {
  ContextScoped,
  extendsContextScoped,
  findCycle,
  isContextScoped,
  path,
  Scoped,
  scopedOf,
  standInFor,
} = loaded;
export type Scoped<T extends object = object> = own.Scoped<T>;
export type { Class, Recipe } from './scoped.js';
