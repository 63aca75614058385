// Everything that the entries of this package take from core, by name. Only `index.ts` and `internal.ts`
// import it, and put the first copy of it in the process in the place of their own.

export { abortWith } from './abort-with.js';
export { bindContext } from './bind-context.js';
export { bindEmitter } from './bind-emitter.js';
export { bindIterable } from './bind-iterable.js';
export { bindObservable } from './bind-observable.js';
export { slotOf } from './binding.js';
export { carriedContext } from './carried-context.js';
export { CARRIER_KEY, extractContext, injectContext } from './carrier.js';
export { decodeEntries, encodeEntries } from './carrier-entries.js';
export { emptyCell } from './cell.js';
export { codecs } from './codecs.js';
export { Context, contextOf, copyContext } from './context.js';
export { ContextError } from './context-error.js';
export { ContextVar } from './context-var.js';
export { createTask } from './create-task.js';
export { channels } from './diagnostics.js';
export { runExtent } from './follow.js';
export { foreignOf, forgetForeign } from './foreign-carrier.js';
export { currentFrame, meetEntry, outsideUnits, registerForeignContext } from './foreign-context.js';
export { runForeign } from './foreign-states.js';
export { activeTrace, registerTrace } from './foreign-trace.js';
export { gather } from './gather.js';
export { correlationId, currentCorrelationId, currentRequestId, ID_PATTERN, requestId } from './ids.js';
export {
  bindLogContext,
  clearLogContext,
  getLogContext,
  unbindLogContext,
  withLogContext,
} from './log-context.js';
export { escapeLogJson, escapeLogText } from './log-escape.js';
export { logFields, logRecord } from './log-fields.js';
export { stringifyLogRecord } from './log-record.js';
export { registerLogFields } from './log-sources.js';
export { cutLogText } from './log-text.js';
export { LogToken, resetLogContext } from './log-token.js';
export { toLogValue } from './log-value.js';
export { onTask } from './on-task.js';
export { opaque } from './opaque.js';
export { outsideAny } from './outside-any.js';
export { portableNamed, portableVariables } from './portable-variables.js';
export { PreserveContext, preserveContext } from './preserve-context.js';
export { addErrorReporter, reportError } from './report-error.js';
export { runTrackedUnit } from './run-tracked-unit.js';
export { AsUnitOfWork, currentUnit, runUnitOfWork } from './run-unit-of-work.js';
export { scopeAround } from './scope-ids.js';
export { ScopedValue } from './scoped-value.js';
export { PERMANENT } from './slot.js';
export { outsideForeign, storage } from './storage.js';
export { activeTasks, drainTasks } from './tasks.js';
export { Token } from './token.js';
export { openUnit } from './unit-extent.js';
export { WithTempContext, withTempContext } from './with-temp-context.js';
