/** The span that the running code is in, of whatever does the tracing. */
export interface ActiveTrace {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case. */
  readonly spanId: string;
}

let source: () => ActiveTrace | undefined = () => undefined;

/** Has `activeTrace` ask `active`, which must not throw. The last one counts. */
export function registerTrace(active: () => ActiveTrace | undefined): void {
  source = active;
}

/** Undefined where nothing is traced. */
export function activeTrace(): ActiveTrace | undefined {
  return source();
}
