import { types } from 'node:util';
import { abortWith, requireOptionalSignal } from './abort-with.js';
import { optionsOf, requireFunction, requireOptionalString, wrongArgument } from './arguments.js';
import { runExtent } from './follow.js';
import { currentFrame } from './foreign-context.js';
import { captureForeign } from './foreign-states.js';
import { type Method, standIn, wrapMethod } from './method-decorator.js';
import { captureCell } from './overlay.js';
import { Task } from './tasks.js';
import { UnitExtent } from './unit-extent.js';

export interface PreserveOptions<A extends unknown[] = unknown[]> {
  /** What the call is named in diagnostics and at shutdown. Default: `Class.method`, or the function's name. */
  readonly name?: string;
  /**
   * Nobody awaits the call: it is tracked until it settles, its errors are reported and never become an
   * unhandled rejection, and shutdown waits for it. Default: false.
   */
  readonly background?: boolean;
  /**
   * Gives, from the arguments of the call and in the context of its caller, a signal that aborts the one of the call's
   * own unit of work too, with the same reason; the call goes on until its body heeds that. Default: none.
   */
  readonly signal?: (...args: A) => AbortSignal | undefined;
}

type Options = Pick<PreserveOptions, 'name' | 'background' | 'signal'>;

const settled = Promise.resolve();

function checked(where: string, options: Options | undefined): Options {
  const { name, background = false, signal } = optionsOf(where, options) ?? {};
  requireOptionalString(where, 'name', name);
  if (typeof background !== 'boolean') throw wrongArgument(where, 'a boolean as background', background);
  if (signal !== undefined && typeof signal !== 'function')
    throw wrongArgument(where, 'a function as signal', signal);
  return { ...(name !== undefined && { name }), background, ...(signal && { signal }) };
}

function preserve(where: string, method: Method, name: string, { background, signal }: Options): Method {
  return function (this: unknown, ...args: never[]): unknown {
    const aborts = signal && (Reflect.apply(signal, this, args) as AbortSignal | undefined);
    requireOptionalSignal(where, aborts);
    const parent = currentFrame();
    const cell = captureCell(parent);
    const init = { kind: 'preserved', cell, foreign: captureForeign(), name };
    const call: UnitExtent = new UnitExtent(init, (failure) => {
      unlink();
      const ended = task?.settled(failure);
      if (background && failure !== undefined) {
        const report = () => call.unit.report(failure.error, `in the background call '${name}'`);
        try {
          report();
        } catch {
          // The stack is at its end, and the first report of a process needs more of it than what it reports: that is compiled.
          void settled.then(report);
        }
      }
      return ended;
    });
    cell.unit = call.unit;
    const task: Task | undefined = background ? new Task(call.unit, parent?.unit) : undefined;
    const abort = (reason: unknown) =>
      task === undefined ? call.run(() => call.unit.abort(reason)) : task.abort(reason);
    const unlink = abortWith(aborts, abort);
    const body = () => Reflect.apply(method, this, args) as unknown;
    return background ? inBackground(call, body) : runExtent(call, body);
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
 * @throws TypeError where an argument has the wrong type; the function throws it where `signal` gives no signal.
 *
 * @example
 * const render = preserveContext(async (order: Order) => { ... }, { background: true });
 */
export function preserveContext<F extends (...args: never[]) => unknown>(
  fn: F,
  options?: PreserveOptions<Parameters<F>>,
): F {
  const where = 'preserveContext';
  requireFunction(where, fn);
  const given = checked(where, options as Options | undefined);
  return standIn(preserve(where, fn, given.name ?? (fn.name || 'anonymous'), given), fn) as F;
}

/**
 * Makes a method run in a copy of its caller's context, as a unit of work of its own; see
 * {@link preserveContext}. Meant for background jobs.
 *
 * @example
 * class Receipts {
 *   \@PreserveContext({ background: true })
 *   async render(order: Order) { ... }
 *
 *   // stops, where it looks at currentUnit().signal, when the request ends
 *   \@PreserveContext({ background: true, signal: () => currentUnit()?.signal })
 *   async preview(order: Order) { ... }
 * }
 */
export function PreserveContext<A extends unknown[]>(options?: PreserveOptions<A>): MethodDecorator {
  const where = '@PreserveContext';
  const given = checked(where, options as Options | undefined);
  return wrapMethod(where, (method, own) => preserve(where, method, given.name ?? own, given));
}
