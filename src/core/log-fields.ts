import type { Cell } from './cell.js';
import { currentFrame } from './foreign-context.js';
import type { Frame } from './frame.js';
import { LogSnapshot } from './log-snapshot.js';
import { readSources } from './log-sources.js';
import type { LogValue } from './log-value.js';
import { reportError } from './report-error.js';

/** By Context: the branches of a `gather` have records of their own. */
const snapshots = new WeakMap<Cell, LogSnapshot>();
let outside: LogSnapshot | undefined;

function snapshotAt(frame: Frame | undefined): LogSnapshot {
  const given = readSources();
  const last = frame === undefined ? outside : snapshots.get(frame.cell);
  if (last?.holds(frame, given)) return last;
  const snapshot = new LogSnapshot(frame, given);
  if (frame === undefined) outside = snapshot;
  else snapshots.set(frame.cell, snapshot);
  return snapshot;
}

let reported = false;

// Once: the report may well be logged, and fail the same way. Itself it fails where the stack is at its end.
function report(error: unknown): void {
  if (reported) return;
  reported = true;
  try {
    reportError(error, 'in the log fields');
  } catch {}
}

/**
 * What a log record should have at this moment, as a new object: the variables that are declared with `log`, then the
 * fields of registered sources, then the log context; of two with one key the later one. Outside any context only what
 * sources give. Never throws: what cannot be read is left out.
 *
 * @example
 * console.log(JSON.stringify({ ...logFields(), message: 'order placed' }));
 */
export function logFields(): Record<string, LogValue> {
  return { ...logRecord() };
}

const NOTHING: Readonly<Record<string, LogValue>> = Object.freeze({});

/**
 * What `logFields` copies: the same object for as long as nothing changes, for loggers that keep what they make of it. Not
 * to be written into.
 */
export function logRecord(): Readonly<Record<string, LogValue>> {
  try {
    return snapshotAt(currentFrame()).record;
  } catch (error) {
    report(error);
    return NOTHING;
  }
}
