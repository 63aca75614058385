import { currentUnit } from '../../core/index.js';
import { optionsOf, reportError, requireFunction, wrongArgument } from '../../core/internal.js';
import { type RecordContextOptions, withRecordContext } from './record-context.js';

/** Of a record of an SQS event: what is read here. */
export interface SqsBatchRecord {
  readonly messageId: string;
  readonly eventSourceARN?: string;
}

/** What tells SQS which records to deliver again; all others are deleted. */
export interface SqsBatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

export interface SqsBatchOptions<R = unknown> extends RecordContextOptions<R> {
  /**
   * How many records are processed at the same time. Default: all; of a FIFO queue always one, as SQS delivers no later
   * record of a group before an earlier one.
   */
  readonly concurrency?: number;
  /**
   * Told of each record that fails, in the context of that record. Default: it is reported as other errors are that no
   * caller is there to receive.
   */
  readonly onError?: (error: unknown, record: R) => void;
}

/**
 * Processes the records of an SQS event, each in a unit of work of its own (see {@link withRecordContext}), and gives the
 * partial batch response: a record that fails is delivered again, the others are not. Records that are not begun when the
 * time of the invocation is nearly up, or, of a FIFO queue, after one has failed, count as failed.
 *
 * The event source mapping must have `ReportBatchItemFailures` switched on: without it SQS deletes the failed ones too.
 *
 * @throws TypeError where an argument has the wrong type.
 *
 * @example
 * export const handler = withLambdaContext((event: SQSEvent) =>
 *   processSqsBatch(event, async (record) => orders.place(JSON.parse(record.body))),
 * );
 */
export async function processSqsBatch<R extends SqsBatchRecord>(
  event: { readonly Records: readonly R[] },
  handler: (record: R) => unknown,
  options?: SqsBatchOptions<R>,
): Promise<SqsBatchResponse> {
  const where = 'processSqsBatch';
  requireFunction(where, handler);
  const records: unknown = event?.Records;
  if (!Array.isArray(records)) throw wrongArgument(where, 'an event with Records', event);
  const { concurrency = Number.POSITIVE_INFINITY, onError, ...rest } = optionsOf(where, options) ?? {};
  if (typeof concurrency !== 'number' || !(concurrency >= 1))
    throw wrongArgument(where, 'a number of records, 1 or more, as concurrency', concurrency);
  if (onError !== undefined) requireFunction(`${where}: onError`, onError);
  const report = onError ?? reportRecord;
  const process = withRecordContext(async (record: R) => {
    try {
      await handler(record);
      return true;
    } catch (error) {
      tell(report, error, record);
      return false;
    }
  }, rest);
  return failuresOf(records as R[], await processAll(records as R[], process, concurrency));
}

function reportRecord(error: unknown, { messageId }: SqsBatchRecord): void {
  reportError(error, `in the SQS record '${messageId}'`);
}

function tell<R>(report: (error: unknown, record: R) => void, error: unknown, record: R): void {
  try {
    report(error, record);
  } catch (failure) {
    reportError(failure, 'in onError of processSqsBatch');
  }
}

/** Gives the records that were processed without an error. */
async function processAll<R extends SqsBatchRecord>(
  records: readonly R[],
  process: (record: R) => Promise<boolean>,
  concurrency: number,
): Promise<Set<R>> {
  const inOrder = records[0]?.eventSourceARN?.endsWith('.fifo') === true;
  const signal = currentUnit()?.signal;
  const done = new Set<R>();
  const waiting = records.values();
  let failed = false;
  const work = async (): Promise<void> => {
    for (const record of waiting) {
      if (signal?.aborted === true || (inOrder && failed)) return;
      if (await process(record)) done.add(record);
      else failed = true;
    }
  };
  const workers = inOrder ? 1 : Math.min(Math.floor(concurrency), records.length);
  await Promise.all(Array.from({ length: workers }, work));
  return done;
}

function failuresOf<R extends SqsBatchRecord>(records: readonly R[], done: Set<R>): SqsBatchResponse {
  const failed = records.filter((record) => !done.has(record));
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
