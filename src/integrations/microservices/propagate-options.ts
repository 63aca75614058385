import { Context, ContextVar, type InjectOptions, injectContext } from '../../core/index.js';
import { optionsOf, wrongArgument } from '../../core/internal.js';

export interface PropagateOptions {
  /** Variables that have to cross: a message without one of them is not sent. Default: none. */
  readonly required?: InjectOptions['required'];
  /** Signs the carriers, where others can write to the broker. Default: not signed. */
  readonly sign?: InjectOptions['sign'];
}

/** @throws TypeError where an option has the wrong type, and not first when a message is sent. */
export function checkedOptions(where: string, options: PropagateOptions | undefined): PropagateOptions {
  const given = optionsOf(where, options) ?? {};
  const { required } = given;
  if (
    required !== undefined &&
    !(Array.isArray(required) && required.every((one) => one instanceof ContextVar))
  )
    throw wrongArgument(where, 'an array of ContextVars as required', required);
  if (given.sign !== undefined) injectContext({}, { context: new Context(), sign: given.sign });
  return given;
}
