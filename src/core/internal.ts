// What the other rooms of this package need of core beyond its public names. Not an entry of the package.

import { loaded } from './loaded.js';

export const {
  abortWith,
  addErrorReporter,
  CARRIER_KEY,
  carriedContext,
  channels,
  contextOf,
  correlationId,
  currentFrame,
  decodeEntries,
  drainTasks,
  emptyCell,
  encodeEntries,
  ID_PATTERN,
  opaque,
  openUnit,
  outsideAny,
  outsideForeign,
  PERMANENT,
  portableNamed,
  portableVariables,
  slotOf,
  reportError,
  requestId,
  runForeign,
  runTrackedUnit,
  storage,
} = loaded;

export { optionsOf, requireFunction, requireOptionalString, wrongArgument } from './arguments.js';
export type { CarrierEntry } from './carrier-entries.js';
export type { Frame } from './frame.js';
export { standIn, wrapMethod } from './method-decorator.js';
export { firstLoaded } from './shared.js';
export type { Task } from './tasks.js';
export type { Unit } from './unit.js';
