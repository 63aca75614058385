import type { Codec } from './codec.js';
import { CodecRefusal } from './codec-refusal.js';
import { ContextVar } from './context-var.js';
import { currentFrame } from './foreign-context.js';
import { logWhereUnset } from './log-declared.js';
import { firstLoaded } from './shared.js';

/** What an id must match. One from outside that does not is replaced, not repaired. */
export const ID_PATTERN: RegExp = /^[A-Za-z0-9._-]{1,128}$/;

function requireId(id: string): string {
  if (typeof id !== 'string' || !ID_PATTERN.test(id)) {
    throw new CodecRefusal(`an id must match ${ID_PATTERN.source}`);
  }
  return id;
}

const idCodec: Codec<string> = Object.freeze({ encode: requireId, decode: requireId });

// Not `requestId`: an application may have a portable variable of that name.

/** The id of the request that the running work belongs to, carried into its tasks and jobs. */
export const requestId: ContextVar<string> = firstLoaded('nest.requestId', () => {
  const variable = new ContextVar<string>('context.requestId', { codec: idCodec, log: 'requestId' });
  logWhereUnset(variable, ({ unit }) => unit.id);
  return variable;
});

/** The id of the whole conversation across services; the request's own id where the caller gave none. */
export const correlationId: ContextVar<string> = firstLoaded(
  'nest.correlationId',
  () => new ContextVar<string>('context.correlationId', { codec: idCodec, log: 'correlationId' }),
);

/**
 * The id of the request that the running code works for, in its tasks and jobs too; elsewhere the id of the unit of
 * work, and undefined outside any.
 */
export function currentRequestId(): string | undefined {
  return requestId.get(undefined) ?? currentFrame()?.unit.id;
}

/**
 * The id of the conversation that the running code takes part in, across services; where none came in, the id of the
 * request or unit of work.
 *
 * @example
 * console.log(JSON.stringify({ correlationId: currentCorrelationId(), message: 'order placed' }));
 */
export function currentCorrelationId(): string | undefined {
  return correlationId.get(undefined) ?? currentRequestId();
}
