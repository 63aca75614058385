/**
 * The stable codes of {@link ContextError}. Messages may be reworded in any release; codes may not.
 */
export type ContextErrorCode =
  | 'ERR_VAR_UNSET'
  | 'ERR_NO_ACTIVE_CONTEXT'
  | 'ERR_TOKEN_USED'
  | 'ERR_TOKEN_FOREIGN_VAR'
  | 'ERR_TOKEN_FOREIGN_CONTEXT'
  | 'ERR_ALREADY_BOUND'
  | 'ERR_SCOPE_ENDED'
  | 'ERR_LAZY_RESULT'
  | 'ERR_NOT_PORTABLE'
  | 'ERR_INVALID_CARRIER'
  | 'ERR_DUPLICATE_NAME'
  | 'ERR_WORKER_DIED'
  | 'ERR_NOT_IN_REQUEST'
  | 'ERR_NOT_CONTEXT_SCOPED'
  | 'ERR_NOT_REGISTERED'
  | 'ERR_UNKNOWN_DEPENDENCY'
  | 'ERR_UNSUPPORTED_DEPENDENCY'
  | 'ERR_DEPENDENCY_CYCLE'
  | 'ERR_INSTANCE_NOT_LOADED'
  | 'ERR_INVALID_INSTANCE'
  | 'ERR_INSPECTOR_IN_PRODUCTION';

/**
 * The one error class of this library. Its message has three parts: which object, what is wrong, what to do.
 * Wrong argument types are a `TypeError` instead.
 *
 * @example
 * try {
 *   tenant.get();
 * } catch (error) {
 *   if (error instanceof ContextError && error.code === 'ERR_VAR_UNSET') console.log('no tenant here');
 * }
 */
export class ContextError extends Error {
  /** Stable; branch on this, not on the message. */
  readonly code: ContextErrorCode;

  constructor(code: ContextErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static {
    // On the prototype, as for the built-in errors, so that it is not printed with each error.
    Object.defineProperty(ContextError.prototype, 'name', {
      value: 'ContextError',
      configurable: true,
      writable: true,
    });
  }
}
