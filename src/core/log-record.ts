import { escapeLogJson } from './log-escape.js';
import { setOwn, toLogKey } from './log-key.js';
import { type LogValue, toLogValue } from './log-value.js';

/**
 * A record as one line of JSON without a control character, raw or as bidi. Never throws: where the record cannot be
 * written as it is, each value is made safe first.
 */
export function stringifyLogRecord(record: Readonly<Record<string, unknown>>): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(record);
  } catch {}
  return escapeLogJson(json ?? JSON.stringify(safeRecord(record)));
}

function safeRecord(record: Readonly<Record<string, unknown>>): LogValue {
  const safe: Record<string, LogValue> = {};
  try {
    for (const key of Object.keys(record)) {
      if (record[key] !== undefined) setOwn(safe, toLogKey(key), toLogValue(record[key]));
    }
    return safe;
  } catch {
    return toLogValue(record);
  }
}
