// Everything that the entries of this package take from core, by name. Only `index.ts` and `internal.ts`
// import it, and put the first copy of it in the process in the place of their own.

export { bindContext } from './bind-context.js';
export { bindEmitter } from './bind-emitter.js';
export { slotOf } from './binding.js';
export { emptyCell } from './cell.js';
export { Context, contextOf, copyContext } from './context.js';
export { ContextError } from './context-error.js';
export { ContextVar } from './context-var.js';
export { createTask } from './create-task.js';
export { channels } from './diagnostics.js';
export { currentFrame, registerForeignContext } from './foreign-context.js';
export { runForeign } from './foreign-states.js';
export { gather } from './gather.js';
export { opaque } from './opaque.js';
export { PreserveContext, preserveContext } from './preserve-context.js';
export { reportError, setErrorReporter } from './report-error.js';
export { AsUnitOfWork, currentUnit, runUnitOfWork } from './run-unit-of-work.js';
export { ScopedValue } from './scoped-value.js';
export { PERMANENT } from './slot.js';
export { outsideForeign, storage } from './storage.js';
export { drainTasks } from './tasks.js';
export { Token } from './token.js';
export { openUnit } from './unit-extent.js';
export { WithTempContext, withTempContext } from './with-temp-context.js';
