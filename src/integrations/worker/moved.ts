// What piscina looks for on a task or an answer. The mark of `Piscina.move` is a symbol of each copy of piscina, and is
// told by its description.
const TRANSFERABLE = Symbol.for('Piscina.transferable');
const VALUE = Symbol.for('Piscina.valueOf');
const MARK = 'Piscina.kMovable';

/** What `Piscina.move(value)` gives. */
export interface Moved {
  readonly [TRANSFERABLE]: object | readonly object[];
  readonly [VALUE]: unknown;
}

export function isMoved(value: unknown): value is Moved {
  return (
    typeof value === 'object' &&
    value !== null &&
    TRANSFERABLE in value &&
    VALUE in value &&
    Object.getOwnPropertySymbols(value).some(({ description }) => description === MARK)
  );
}

/** A payload without the wrapper of `Piscina.move`, and what of it is to be transferred. */
export function unwrapped(payload: unknown): {
  readonly payload: unknown;
  readonly moved: readonly object[];
} {
  if (!isMoved(payload)) return { payload, moved: [] };
  const parts = payload[TRANSFERABLE];
  return { payload: payload[VALUE], moved: Array.isArray(parts) ? (parts as readonly object[]) : [parts] };
}
