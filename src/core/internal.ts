// What the other rooms of this package need of core beyond its public names. Not an entry of the package.

import { loaded } from './loaded.js';

export const {
  channels,
  currentFrame,
  drainTasks,
  emptyCell,
  opaque,
  openUnit,
  outsideForeign,
  PERMANENT,
  slotOf,
  reportError,
  runForeign,
  setErrorReporter,
  storage,
} = loaded;

export { optionsOf, requireFunction, requireOptionalString, wrongArgument } from './arguments.js';
export type { Frame } from './frame.js';
export { wrapMethod } from './method-decorator.js';
export { firstLoaded } from './shared.js';
export type { Unit } from './unit.js';
