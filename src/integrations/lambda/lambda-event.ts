// What is read of the arguments that AWS Lambda calls a handler with, written structurally: no AWS package is needed.

/** Of the second argument of a handler (the third of a streaming one): what is read here. */
export interface LambdaFunctionContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  getRemainingTimeInMillis(): number;
}

/** A handler of any shape: asynchronous, with a callback, or streaming. */
export type LambdaHandler = (...args: never[]) => unknown;

/** Of the response stream of a streaming handler: what is used here. */
export interface ResponseStream {
  readonly writableFinished?: boolean;
  readonly destroyed?: boolean;
  write(...args: never[]): unknown;
  once(event: string, listener: () => void): unknown;
}

/** The response stream, where the second argument of a handler is one: the context has no `write`. */
export function responseStreamOf(argument: unknown): ResponseStream | undefined {
  const { write, once } = (argument ?? {}) as Partial<ResponseStream>;
  return typeof write === 'function' && typeof once === 'function' ? (argument as ResponseStream) : undefined;
}

/** Resolves when `stream` has taken everything, or will take no more. */
export function streamOver(stream: ResponseStream): Promise<void> | undefined {
  if (stream.writableFinished === true || stream.destroyed === true) return undefined;
  return new Promise((resolve) => {
    for (const event of ['finish', 'close', 'error']) stream.once(event, resolve);
  });
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

/** The own property `key` of whatever `value` is: an event may be anything, and has no prototype to be read. */
export function ownProperty(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string | number, unknown>)[key];
}
