import { requireFunction, standIn, wrapMethod } from '../../core/internal.js';
import { callWithCallback } from './callback-handler.js';
import { currentInvocation } from './invocation.js';
import {
  isThenable,
  type LambdaHandler,
  type ResponseStream,
  responseStreamOf,
  streamOver,
} from './lambda-event.js';
import { keepChain } from './middy-chain.js';
import { runInvocation } from './run-invocation.js';
import { type LambdaContextOptions, type Settings, settingsOf } from './settings.js';

/**
 * Makes each call of a Lambda handler a unit of work that starts empty: what earlier invocations have left behind in a
 * warm process, or others that run at once set, is not seen. The unit has the AWS request id as its id, and has ended,
 * `onEnd` and the disposal of scoped instances included, before a promise of the handler settles or its callback is
 * called on; of a streaming handler it also waits for the end of the response stream.
 *
 * For handlers of any shape: asynchronous, with a callback, streaming (inside or outside of `awslambda.streamifyResponse`),
 * and for middy, whose whole chain it puts inside. Called for an invocation that runs already it joins that.
 *
 * @throws TypeError where `handler` is no function or an option has the wrong type. Errors of the handler pass unchanged.
 *
 * @example
 * export const handler = withLambdaContext(async (event: { name: string }) => {
 *   appendKeys({ name: event.name });
 *   return { requestId: lambdaInvocation().requestId };
 * });
 */
export function withLambdaContext<H extends LambdaHandler>(
  handler: H,
  options?: LambdaContextOptions<Parameters<H>[0]>,
): H {
  const where = 'withLambdaContext';
  requireFunction(where, handler);
  const wrapped = standIn(inInvocation(handler, settingsOf(where, options)), handler);
  return keepChain(wrapped, handler) as H;
}

/**
 * The same for a handler that is a method; see {@link withLambdaContext}.
 *
 * @example
 * class Orders {
 *   \@WithLambdaContext({ logEvent: true })
 *   async handle(event: { id: string }) { ... }
 * }
 */
export function WithLambdaContext<E = unknown>(options?: LambdaContextOptions<E>): MethodDecorator {
  const where = '@WithLambdaContext';
  const settings = settingsOf(where, options);
  return wrapMethod(where, (method) => inInvocation(method, settings));
}

function inInvocation(handler: LambdaHandler, settings: Settings): LambdaHandler {
  return function (this: unknown, ...args: unknown[]): unknown {
    const [event, second, third] = args;
    const stream = responseStreamOf(second);
    const context = stream === undefined ? second : third;
    const call = (given: unknown[]) => Reflect.apply(handler, this, given) as unknown;
    if (currentInvocation.get(undefined)?.isOf(context) === true) return call(args);
    if (stream !== undefined) {
      return runInvocation(settings, event, context, () => {
        const result = call(args);
        return isThenable(result) ? afterStream(result, stream) : result;
      });
    }
    const run = (handle: () => unknown) => runInvocation(settings, event, context, handle);
    if (typeof third !== 'function') return run(() => call(args));
    return callWithCallback(run, call, args, handler.length > 2);
  } as LambdaHandler;
}

/** The handler may have given its promise before all is written: what writes it belongs to the invocation. */
async function afterStream(result: PromiseLike<unknown>, stream: ResponseStream): Promise<unknown> {
  const value = await result;
  await streamOver(stream);
  return value;
}
