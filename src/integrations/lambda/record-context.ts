import { runUnitOfWork } from '../../core/index.js';
import {
  correlationId,
  currentFrame,
  ID_PATTERN,
  optionsOf,
  requestId,
  requireFunction,
  standIn,
  type Unit,
} from '../../core/internal.js';
import { correlationIdFinder, type LambdaCorrelationIdOptions } from './correlation-id.js';
import { currentInvocation } from './invocation.js';
import { type LambdaHandler, ownProperty } from './lambda-event.js';

export interface RecordContextOptions<R = unknown> {
  /** Where the correlation id of a record is. Default: its message attribute `x-correlation-id`. */
  readonly correlationId?: LambdaCorrelationIdOptions<R>;
}

/**
 * Makes each call a unit of work of its own for the record that it is given: of SQS, SNS, Kinesis, whatever comes in
 * batches. It starts empty, log keys included, but for the invocation that it is a part of, and has the message id as its
 * id. Its correlation id is the one that came with the record, else the id of the unit: the same when the message is
 * delivered again.
 *
 * @throws TypeError where `handler` is no function or an option has the wrong type.
 *
 * @example
 * const place = withRecordContext(async (record: SQSRecord) => orders.place(JSON.parse(record.body)));
 * export const handler = withLambdaContext(async (event: SQSEvent) => {
 *   for (const record of event.Records) await place(record);
 * });
 */
export function withRecordContext<H extends LambdaHandler>(
  handler: H,
  options?: RecordContextOptions<Parameters<H>[0]>,
): H {
  const where = 'withRecordContext';
  requireFunction(where, handler);
  const find = correlationIdFinder(where, optionsOf(where, options)?.correlationId);
  return standIn(
    function (this: unknown, ...args: unknown[]): unknown {
      const [record] = args;
      const invocation = currentInvocation.get(undefined);
      const id = messageIdOf(record);
      return runUnitOfWork({ kind: 'lambda-record', ...(id !== undefined && { id }) }, () => {
        const unit = currentFrame()?.unit as Unit;
        const own = find(record) ?? unit.id;
        correlationId.set(own);
        requestId.set(invocation?.requestId ?? unit.id);
        if (invocation !== undefined) {
          currentInvocation.set(invocation.with(own));
          invocation.limit(unit);
        }
        return Reflect.apply(handler, this, args) as unknown;
      });
    } as LambdaHandler,
    handler,
  ) as H;
}

/** Of an SQS or SNS record, or the event id of one from a stream. */
function messageIdOf(record: unknown): string | undefined {
  const ids = [
    ownProperty(record, 'messageId'),
    ownProperty(ownProperty(record, 'Sns'), 'MessageId'),
    ownProperty(record, 'eventID'),
  ];
  return ids.find((id): id is string => typeof id === 'string' && ID_PATTERN.test(id));
}
