// What is done at the end of the stack.

/** There is room for a call when it has succeeded so many times in a row, each a level further from the end. */
const ENOUGH = 10;
/**
 * Goes down to the end of the stack, and calls `op` on each level of the way up until there is room for it. A level takes
 * about a hundred bytes: so the end is reached everywhere in the call. Gives what it threw, in order.
 */
export function atTheEnd(op, outcomes) {
  let room = 0;
  const descend = () => {
    try {
      descend();
    } catch (error) {
      if (room >= ENOUGH) return;
      // Nothing is called here but what is tried: there is no room for it.
      try {
        op();
        room += 1;
      } catch (failure) {
        room = 0;
        outcomes[outcomes.length] = failure;
      }
      throw error;
    }
  };
  try {
    descend();
  } catch {}
}

/** Calls `op` when so many levels of the stack are left; gives what it gives, or throws. */
export function nearTheEnd(levels, op) {
  let left = levels;
  let outcome;
  const descend = () => {
    try {
      descend();
    } catch (error) {
      if (left > 0) {
        left -= 1;
        throw error;
      }
      try {
        outcome = { value: op() };
      } catch (failure) {
        outcome = { failure };
      }
    }
  };
  descend();
  if ('failure' in outcome) throw outcome.failure;
  return outcome.value;
}

export const isOverflow = (error) => error instanceof RangeError;
