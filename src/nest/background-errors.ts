import { currentCorrelationId, currentRequestId, currentUnit } from '../core/index.js';
import { addErrorReporter } from '../core/internal.js';
import type { ModuleLog } from './module-log.js';

/** Errors that nobody is there to receive go to `log`, in the context of their work, until the returned function is called. */
export function reportTo(log: ModuleLog): () => void {
  return addErrorReporter((error, where) => log.error(error, `${where}${workHere()}`));
}

/** On whose behalf the running code works, for a log whose lines do not say it by themselves. */
function workHere(): string {
  const unit = currentUnit();
  if (unit === undefined) return '';
  return ` (unit ${unit.id}, request ${currentRequestId()}, correlation ${currentCorrelationId()})`;
}
