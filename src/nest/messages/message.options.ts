import { type CarrierVerifyOptions, ContextVar, extractContext } from '../../core/index.js';
import type { RequestContext } from '../request-context.js';
import type { InboundMessage } from './inbound-message.js';

/**
 * Called at the start of each message, before any guard, inside its unit of work. Where it throws or rejects the
 * message is refused: the sender of a request is answered with the error of an RpcException, and with an internal error
 * for anything else, which goes to the log.
 */
export type MessageSetup = (context: RequestContext, message: InboundMessage) => void | Promise<void>;

/**
 * What is taken from the carriers of inbound messages, which whoever can write to the broker can write as well; and the
 * set-up of each message.
 */
export interface MessageOptions {
  /**
   * Which variables are taken from a message: those for which it gives `true`, by variable and by sender; `true` takes
   * every portable variable of this process. Default: none.
   *
   * @example
   * ContextModule.forRoot({ messages: { accept: (variable, { transport }) => transport === 'nats' && variable === tenant } });
   */
  readonly accept?: boolean | ((variable: ContextVar<unknown>, message: InboundMessage) => boolean);
  /**
   * Whether the request id and the correlation id of the sender are taken. They must match `^[A-Za-z0-9._-]{1,128}$`.
   * Where not, both are the id of the message's own unit of work. Default: true.
   */
  readonly acceptIds?: boolean;
  /** Variables that have to be there; else the carrier is a bad one. Default: none. */
  readonly required?: readonly ContextVar<unknown>[];
  /** Takes only carriers that one of these keys has signed; others are bad ones. Default: no signature is asked for. */
  readonly verify?: CarrierVerifyOptions;
  /**
   * What becomes of a message with a bad carrier: `refuse` answers it with an error, without a look at its guards and
   * its handler; `empty` handles it as one that has none, with a warning in the log. Default: `refuse` where variables
   * are accepted, required or verified, else `empty`.
   */
  readonly onInvalid?: 'refuse' | 'empty';
  /** Sets up the context of each message. Default: none. */
  readonly setup?: MessageSetup;
}

/** The options with their defaults. */
export interface ResolvedMessageOptions {
  readonly accept: NonNullable<MessageOptions['accept']>;
  readonly acceptIds: boolean;
  readonly required: readonly ContextVar<unknown>[];
  readonly verify: CarrierVerifyOptions | undefined;
  readonly onInvalid: 'refuse' | 'empty';
  readonly setup: MessageSetup | undefined;
}

type Check = (option: string, expected: string, ok: boolean) => void;

/** `check` throws a TypeError where it is not given `true`. */
export function resolveMessageOptions(options: MessageOptions, check: Check): ResolvedMessageOptions {
  const { accept = false, acceptIds = true, required = [], verify, setup } = options;
  const isTrusting = accept !== false || required.length > 0 || verify !== undefined;
  const { onInvalid = isTrusting ? 'refuse' : 'empty' } = options;
  const isAccept = typeof accept === 'boolean' || typeof accept === 'function';
  check('messages.accept', 'a boolean or a function', isAccept);
  check('messages.acceptIds', 'a boolean', typeof acceptIds === 'boolean');
  const areVariables = Array.isArray(required) && required.every((one) => one instanceof ContextVar);
  check('messages.required', 'an array of ContextVars', areVariables);
  check(
    'messages.verify',
    'an object',
    verify === undefined || (typeof verify === 'object' && verify !== null),
  );
  check('messages.onInvalid', `'refuse' or 'empty'`, onInvalid === 'refuse' || onInvalid === 'empty');
  check('messages.setup', 'a function', setup === undefined || typeof setup === 'function');
  // Now, and not first when a message comes.
  if (verify !== undefined) extractContext({}, { verify });
  return { accept, acceptIds, required, verify, onInvalid, setup };
}
