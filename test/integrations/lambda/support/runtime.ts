// How AWS's runtime interface client (aws-lambda-ric 3.3.0) calls a handler and takes its answer, for as far as a handler
// can tell, without the network and without waiting for an empty event loop. test/lambda-runtime runs the client itself.

export interface FunctionContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
}

export type AnyHandler = (...args: never[]) => unknown;

let invocations = 0;

export function functionContext(given: Partial<FunctionContext> = {}): FunctionContext {
  const deadline = Date.now() + 60_000;
  invocations += 1;
  return {
    awsRequestId: `8476a536-e9f4-11e8-9739-${String(invocations).padStart(12, '0')}`,
    functionName: 'orders',
    functionVersion: '7',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    ...given,
  };
}

/**
 * The answer of one invocation: of the callback or of the promise, whichever is first. A handler that gives neither has
 * none, which the client answers with `null` when nothing is left to do.
 */
export function invoke(
  handler: AnyHandler,
  event: unknown = {},
  context: object = functionContext(),
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback = (error: unknown, result: unknown): void => {
      if (error !== undefined && error !== null) reject(error);
      else resolve(result);
    };
    try {
      const result = Reflect.apply(handler, undefined, [event, context, callback]) as
        | PromiseLike<unknown>
        | undefined;
      if (typeof result?.then === 'function') {
        result.then(
          (value) => callback(null, value),
          (error) => callback(error, undefined),
        );
      }
    } catch (error) {
      callback(error, undefined);
    }
  });
}
