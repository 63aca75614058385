import { ContextError } from './context-error.js';

/** Never with anything of the carrier in it, but for names that this process knows: it may come from anyone. */
export function refused(what: string): ContextError {
  return new ContextError(
    'ERR_INVALID_CARRIER',
    `The carrier is refused: ${what}; refuse the message, or go on with an empty Context.`,
  );
}
