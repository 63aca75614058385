import type { ContextErrorCode } from '../../../src/core/index.js';

const NAME = "'.+'";
const VARIABLE = `(ContextVar ${NAME}|ContextVar|ScopedValue)`;

/** All that core says with each code: which object, what is wrong, what to do. */
const messages: Partial<Record<ContextErrorCode, readonly string[]>> = {
  ERR_VAR_UNSET: [
    `ContextVar ${NAME} has no value in the current context; set it, give it a default, or use get\\(fallback\\)\\.`,
    `ScopedValue ${NAME} has no value here; bind it where the unit of work begins, or use run\\(value, fn\\)\\.`,
  ],
  ERR_NO_ACTIVE_CONTEXT: [
    `ContextVar ${NAME} cannot be set outside any context; use run\\(value, fn\\), new Context\\(\\)\\.run or runUnitOfWork\\.`,
    `ScopedValue ${NAME} cannot be bound outside any unit of work; use run\\(value, fn\\) or runUnitOfWork\\.`,
    'bindLogContext: no fields can be bound outside any context; use withLogContext\\(fields, fn\\) or runUnitOfWork\\.',
  ],
  ERR_TOKEN_USED: [
    `Token of ${NAME} has already been used; set again for a new one\\.`,
    `LogToken of '.*' has already been used; bind again for a new one\\.`,
  ],
  ERR_TOKEN_FOREIGN_VAR: [
    `Token of ${NAME} was created by a different variable than ${NAME}; reset each variable with its own token\\.`,
  ],
  ERR_TOKEN_FOREIGN_CONTEXT: [
    `Token of ${NAME} was created in a different Context; reset it where the set was made\\.`,
    `LogToken of '.*' was created in a different Context; reset it where the bind was made\\.`,
  ],
  ERR_ALREADY_BOUND: [
    `ScopedValue ${NAME} is already bound in this unit of work; use run\\(value, fn\\) for another value\\.`,
  ],
  ERR_SCOPE_ENDED: [
    `The temporary scope of ContextVar ${NAME} has ended; work that outlives it cannot set the variable\\. Open a scope of its own inside that work\\.`,
    `The temporary binding of ScopedValue ${NAME} does not reach here: this work outlives it or was captured under it\\. Bind it again inside: run\\(value, fn\\)\\.`,
    `The withLogContext block of the log key ${NAME} has ended; work that outlives it cannot bind the key\\. Open a block of its own inside that work, or bind another key\\.`,
    `The temporary scope of ${NAME} cannot be opened for this consumption: its unit of work has ended\\. Consume the result inside the unit\\.`,
    `The unit of work ${NAME} has ended; work that outlives it belongs in createTask or @PreserveContext\\.`,
  ],
  ERR_LAZY_RESULT: [
    'A stream was returned under a temporary scope: it does its work after the call has ended, without the temporary value\\. Consume it inside the scope, return an async iterable, or make the stream outside\\.',
  ],
  ERR_DUPLICATE_NAME: [
    `The log key ${NAME} is that of ${NAME} already.*, and a record could not have both; give one of them another key, or make the variable once and import it\\.`,
    `A portable ContextVar ${NAME} exists already.*, and a carrier could not tell the two apart; give one of them another name, or make it once and import it\\.`,
  ],
  ERR_NOT_PORTABLE: [`${VARIABLE} .+; nothing was written\\.`],
  ERR_INVALID_CARRIER: [
    'The carrier is refused: .+; refuse the message, or go on with an empty Context\\.',
    `The carrier would have \\d+ bytes, of which ContextVar ${NAME} takes \\d+, and may have 4096; carry an id in place of the thing itself\\.`,
  ],
};

/** What `toThrow` takes, for an error of core: the code, with a message that belongs to it. */
export function coreError(code: ContextErrorCode): Error {
  const message = expect.stringMatching(new RegExp(`^(${messages[code]?.join('|')})$`));
  return expect.objectContaining({ name: 'ContextError', code, message }) as unknown as Error;
}
