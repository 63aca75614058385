import { types } from 'node:util';
import { optionsOf, requireFunction, requireOptionalString, wrongArgument } from './arguments.js';
import { runExtent } from './follow.js';
import { currentFrame } from './foreign-context.js';
import { captureForeign } from './foreign-states.js';
import { type Method, standIn, wrapMethod } from './method-decorator.js';
import { captureCell } from './overlay.js';
import { reportError } from './report-error.js';
import { type Settled, track } from './tasks.js';
import { UnitExtent } from './unit-extent.js';

export interface PreserveOptions {
  /** What the call is named in diagnostics and at shutdown. Default: `Class.method`, or the function's name. */
  readonly name?: string;
  /**
   * Nobody awaits the call: it is tracked until it settles, its errors are reported and never become an
   * unhandled rejection, and shutdown waits for it. Default: false.
   */
  readonly background?: boolean;
}

function checked(where: string, options: PreserveOptions | undefined): PreserveOptions {
  const { name, background = false } = optionsOf(where, options) ?? {};
  requireOptionalString(where, 'name', name);
  if (typeof background !== 'boolean') throw wrongArgument(where, 'a boolean as background', background);
  return { ...(name !== undefined && { name }), background };
}

function preserve(method: Method, name: string, background: boolean): Method {
  return function (this: unknown, ...args: never[]): unknown {
    const parent = currentFrame();
    const cell = captureCell(parent);
    let settled: Settled | undefined;
    const init = { kind: 'preserved', cell, foreign: captureForeign(), name };
    const call = new UnitExtent(init, (failure) => settled?.(failure));
    cell.unit = call.unit;
    const body = () => Reflect.apply(method, this, args) as unknown;
    if (!background) return runExtent(call, body);
    const tracked = track(call.unit, parent?.unit);
    settled = (failure) => {
      const ended = tracked(failure);
      if (failure !== undefined)
        call.run(() => reportError(failure.error, `in the background call '${name}'`));
      return ended;
    };
    return inBackground(call, body);
  };
}

/** Nobody awaits the result: an error is reported when the call settles, and is nobody's unhandled rejection. */
function inBackground(call: UnitExtent, body: () => unknown): unknown {
  let result: unknown;
  try {
    result = runExtent(call, body);
  } catch (error) {
    result = Promise.reject(error);
  }
  if (types.isPromise(result)) result.catch(() => {});
  return result;
}

/**
 * The function as one that runs in a copy of the context in which it is called, as a unit of work of its
 * own: what it sets stays there. Called outside any context it begins an empty unit. No temporary
 * ScopedValue is seen inside.
 *
 * @example
 * const render = preserveContext(async (order: Order) => { ... }, { background: true });
 */
export function preserveContext<F extends (...args: never[]) => unknown>(
  fn: F,
  options?: PreserveOptions,
): F {
  requireFunction('preserveContext', fn);
  const { name, background = false } = checked('preserveContext', options);
  return standIn(preserve(fn, name ?? (fn.name || 'anonymous'), background), fn) as F;
}

/**
 * Makes a method run in a copy of its caller's context, as a unit of work of its own; see
 * {@link preserveContext}. Meant for background jobs.
 *
 * @example
 * class Receipts {
 *   \@PreserveContext({ background: true })
 *   async render(order: Order) { ... }
 * }
 */
export function PreserveContext(options?: PreserveOptions): MethodDecorator {
  const { name, background = false } = checked('@PreserveContext', options);
  return wrapMethod('@PreserveContext', (method, own) => preserve(method, name ?? own, background));
}
