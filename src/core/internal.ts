// What the other rooms of this package need of core beyond its public names. Not an entry of the package.

import { loaded } from './loaded.js';

export const {
  abortWith,
  activeTrace,
  addErrorReporter,
  CARRIER_KEY,
  carriedContext,
  channels,
  contextOf,
  correlationId,
  currentFrame,
  cutLogText,
  decodeEntries,
  drainTasks,
  emptyCell,
  encodeEntries,
  escapeLogJson,
  escapeLogText,
  foreignOf,
  forgetForeign,
  ID_PATTERN,
  logRecord,
  meetEntry,
  opaque,
  openUnit,
  outsideAny,
  outsideForeign,
  outsideUnits,
  PERMANENT,
  portableNamed,
  portableVariables,
  slotOf,
  registerTrace,
  reportError,
  requestId,
  runExtent,
  runForeign,
  runTrackedUnit,
  scopeAround,
  storage,
  stringifyLogRecord,
  toLogValue,
} = loaded;

export {
  optionsOf,
  requireFunction,
  requireName,
  requireOptionalString,
  wrongArgument,
} from './arguments.js';
export type { CarrierEntry } from './carrier-entries.js';
export type { Extent } from './extent.js';
export type { Frame } from './frame.js';
export { standIn, wrapMethod } from './method-decorator.js';
export { firstLoaded } from './shared.js';
export type { Task } from './tasks.js';
export type { Unit } from './unit.js';
