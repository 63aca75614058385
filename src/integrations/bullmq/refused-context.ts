import { ContextError } from '../../core/index.js';
import { correlationId, type Frame, requestId } from '../../core/internal.js';

type Cell = Frame['cell'];

/** The methods of a cell through which every read of a variable, and the check before every `set`, goes. */
type Readings = Pick<Cell, 'read' | 'has' | 'fork'>;

/**
 * Makes every read and `set` of a variable in this Context, and in all that is forked from it, throw `error`. BullMQ
 * calls a telemetry around the processor but cannot be told by it to fail a job; so the processor is, where it would else
 * go on with a default or a fallback as if nobody had sent the job. The ids stay unset and readable: they are for log
 * lines, and somebody wants to log this.
 */
export function refuseReads(cell: Cell, error: () => ContextError): void {
  const isId = (index: number) => index === requestId.index || index === correlationId.index;
  const fork = cell.fork.bind(cell);
  const refusing: Readings = {
    read(index) {
      if (isId(index)) return undefined;
      throw error();
    },
    has(index) {
      if (isId(index)) return false;
      throw error();
    },
    fork(unit) {
      const copy = fork(unit);
      refuseReads(copy, error);
      return copy;
    },
  };
  Object.assign(cell, refusing);
}

/** The Context is an empty one from now on. */
export function allowReads(cell: Cell): void {
  for (const method of ['read', 'has', 'fork'] as const) delete (cell as Partial<Readings>)[method];
}

/** What the processor of a job is told whose carrier was refused. */
export function refusedJob(queueName: string, refusal: unknown): ContextError {
  const why = refusal instanceof Error ? refusal.message : 'The carrier is refused.';
  return new ContextError(
    'ERR_INVALID_CARRIER',
    `The context of a job of queue '${queueName}' cannot be had, so the job must not go on. ${why}`,
    { cause: refusal },
  );
}
