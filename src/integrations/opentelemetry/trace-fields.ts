import {
  context,
  INVALID_SPANID,
  INVALID_TRACEID,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { registerLogFields } from '../../core/index.js';
import { optionsOf, wrongArgument } from '../../core/internal.js';

/** The names of the fields that log records have where a span is active; `false` for one that they are not to have. */
export interface TraceFieldNames {
  /** Of the trace, 32 hexadecimal digits. Default: `trace_id`. */
  readonly traceId?: string | false;
  /** Of the span, 16 hexadecimal digits. Default: `span_id`. */
  readonly spanId?: string | false;
  /** Two hexadecimal digits; `01` where the trace is sampled. Default: `trace_flags`. */
  readonly traceFlags?: string | false;
}

type Ids = Readonly<Record<keyof TraceFieldNames, string>>;

const NAMES: Ids = { traceId: 'trace_id', spanId: 'span_id', traceFlags: 'trace_flags' };
const KEYS = ['traceId', 'spanId', 'traceFlags'] as const;

/** Undefined where no span is active, or one that says nothing. */
export function activeSpanContext(): SpanContext | undefined {
  const active = trace.getSpanContext(context.active());
  // Not `isSpanContextValid`, which looks at each digit, for each log record: half of what that takes.
  const saysNothing =
    active === undefined || active.traceId === INVALID_TRACEID || active.spanId === INVALID_SPANID;
  return saysNothing ? undefined : active;
}

/** @throws TypeError where a name is none. */
export function registerTraceFields(where: string, names: TraceFieldNames | false = {}): void {
  const given = names === false ? undefined : (optionsOf(`${where}: logFields`, names) ?? {});
  const fieldsOf = makerOf(given === undefined ? [] : namesOf(`${where}: logFields`, given));
  registerLogFields({
    name: 'opentelemetry',
    fields() {
      const active = activeSpanContext();
      return active === undefined ? undefined : fieldsOf(active);
    },
  });
}

type Maker = (active: SpanContext) => Readonly<Record<string, string>>;

function makerOf(names: readonly (readonly [keyof Ids, string])[]): Maker {
  // One literal: a record that is put together by name takes four times as long, for each log record.
  if (names.length === 3 && names.every(([key, name]) => name === NAMES[key]))
    return (active) => ({
      trace_id: active.traceId,
      span_id: active.spanId,
      trace_flags: flagsOf(active),
    });
  return (active) =>
    Object.fromEntries(
      names.map(([key, name]) => [name, key === 'traceFlags' ? flagsOf(active) : active[key]]),
    );
}

function namesOf(where: string, given: TraceFieldNames): (readonly [keyof Ids, string])[] {
  const names = KEYS.map((key) => [key, given[key] ?? NAMES[key]] as const);
  for (const [key, name] of names) {
    if (name !== false && (typeof name !== 'string' || name === ''))
      throw wrongArgument(where, `a non-empty string or false as ${key}`, name);
  }
  return names.filter((pair): pair is [keyof Ids, string] => pair[1] !== false);
}

function flagsOf({ traceFlags }: SpanContext): string {
  if (traceFlags === TraceFlags.SAMPLED) return '01';
  return (traceFlags & 0xff).toString(16).padStart(2, '0');
}
