import {
  ID_PATTERN,
  optionsOf,
  reportError,
  requireOptionalString,
  wrongArgument,
} from '../../core/internal.js';
import { eventPath, headerOf } from './event-path.js';
import { ownProperty } from './lambda-event.js';

/** Where the correlation id of an event comes from. `E` is the event, or the record. */
export interface LambdaCorrelationIdOptions<E = unknown> {
  /**
   * The header of HTTP events (API Gateway v1 and v2, function URLs, ALB), in any case, and the message attribute of SQS and
   * SNS, that carries the id. Default: `x-correlation-id`.
   */
  readonly header?: string;
  /**
   * Where the id is in the event, as a path (`detail.metadata.correlationId`, `Records[0].body`, `headers."x.id"`) or as a
   * function. Nothing else is looked at then. Default: what suits the event; of EventBridge it is
   * `detail.correlationId`, else the id of the event.
   */
  readonly path?: string | ((event: E) => unknown);
  /**
   * Whether an id from the event is used. It must match `^[A-Za-z0-9._-]{1,128}$` in any case. A function that throws is
   * reported, and a no. Default: true.
   */
  readonly accept?: boolean | ((id: string, event: E) => boolean);
}

/** Gives the id that came in with an event or record; undefined where there is none that is accepted. */
export type FindCorrelationId = (event: unknown) => string | undefined;

/** @throws TypeError where an option has the wrong type, or `path` is none. */
export function correlationIdFinder<E>(
  where: string,
  options: LambdaCorrelationIdOptions<E> | undefined,
): FindCorrelationId {
  const { header = 'x-correlation-id', path, accept = true } = optionsOf(where, options) ?? {};
  requireOptionalString(where, 'header', header);
  if (typeof accept !== 'boolean' && typeof accept !== 'function')
    throw wrongArgument(where, 'a boolean or a function as accept', accept);
  if (path !== undefined && typeof path !== 'string' && typeof path !== 'function')
    throw wrongArgument(where, 'a path or a function as path', path);
  const read = typeof path === 'string' ? eventPath(where, path) : path;
  const find = (read ?? ((event: unknown) => bySource(event, header))) as (event: unknown) => unknown;
  if (accept === false) return () => undefined;
  return (event) => {
    try {
      const id = single(find(event));
      if (typeof id !== 'string' || !ID_PATTERN.test(id)) return undefined;
      return accept === true || accept(id, event as E) === true ? id : undefined;
    } catch (error) {
      // An event that a function did not expect is no reason to lose it.
      reportError(error, `in correlationId of ${where}`);
      return undefined;
    }
  };
}

/** Of a list of header values that a path may lead to. */
function single(id: unknown): unknown {
  return Array.isArray(id) && id.length === 1 ? (id[0] as unknown) : id;
}

function bySource(event: unknown, header: string): unknown {
  if (typeof event !== 'object' || event === null) return undefined;
  const headers = httpHeaders(event);
  if (headers !== undefined) return headerOf(headers, header);
  const records = ownProperty(event, 'Records');
  // Of several, each has its own: see withRecordContext.
  if (Array.isArray(records)) return records.length === 1 ? byAttribute(records[0], header) : undefined;
  if (ownProperty(event, 'detail-type') !== undefined) return byDetail(event);
  return byAttribute(event, header);
}

/** The multi-value ones where there are any: of a header that was sent twice, the others show one value. */
function httpHeaders(event: object): object | undefined {
  for (const kind of ['multiValueHeaders', 'headers']) {
    const headers = ownProperty(event, kind);
    if (typeof headers !== 'object' || headers === null) continue;
    for (const _ in headers) return headers;
  }
  return undefined;
}

function byDetail(event: object): unknown {
  return ownProperty(ownProperty(event, 'detail'), 'correlationId') ?? ownProperty(event, 'id');
}

/** Of an SQS record, or of an SNS record, which spells it otherwise. */
function byAttribute(record: unknown, name: string): unknown {
  const sqs = ownProperty(record, 'messageAttributes');
  if (sqs !== undefined) return ownProperty(headerOf(sqs, name), 'stringValue');
  const sns = ownProperty(ownProperty(record, 'Sns'), 'MessageAttributes');
  return ownProperty(headerOf(sns, name), 'Value');
}
