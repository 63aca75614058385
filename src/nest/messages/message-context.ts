import { type ContextVar, extractContext } from '../../core/index.js';
import { CARRIER_KEY, correlationId, emptyCell, foreignOf, requestId } from '../../core/internal.js';
import type { ArrivedMessage } from './inbound-message.js';
import type { ResolvedMessageOptions } from './message.options.js';

/** The values that the unit of work of a message begins with. */
export type Cell = ReturnType<typeof emptyCell>;

/**
 * What a message brings with it, as far as the options take it: nothing else, and nothing half-applied.
 *
 * @throws ContextError `ERR_INVALID_CARRIER`; what `accept` throws passes as it is.
 */
export function carriedCell(message: ArrivedMessage, options: ResolvedMessageOptions, id: string): Cell {
  const { accept, acceptIds, required, verify } = options;
  const carrier = { [CARRIER_KEY]: message.rawHeader(CARRIER_KEY) };
  const takes = (variable: ContextVar<unknown>) =>
    typeof accept === 'boolean' ? accept : accept(variable, message);
  const context = extractContext(carrier, { acceptIds, required, accept: takes, ...(verify && { verify }) });
  const cell = emptyCell();
  for (const [variable, value] of context) cell.write(variable.index, value);
  cell.foreign = foreignOf(context);
  return withIds(cell, id);
}

/** Where no id came with a message, that of its own unit of work is the one of the request and of the conversation. */
export function withIds(cell: Cell, id: string): Cell {
  if (!cell.has(requestId.index)) cell.write(requestId.index, id);
  if (!cell.has(correlationId.index)) cell.write(correlationId.index, cell.read(requestId.index));
  return cell;
}
