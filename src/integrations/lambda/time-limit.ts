import type { Unit } from '../../core/internal.js';
import type { LambdaFunctionContext } from './lambda-event.js';

/** What setTimeout can wait for. It takes anything longer for 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** When Lambda ends an invocation. Holds on to the runtime's context, but only until `lift`. */
export class TimeLimit {
  #context: Partial<LambdaFunctionContext> | undefined;
  readonly #abortBeforeMs: number;

  constructor(context: Partial<LambdaFunctionContext>, abortBeforeMs: number) {
    this.#context = context;
    this.#abortBeforeMs = abortBeforeMs;
  }

  /** Whether it is that of the invocation that `context` belongs to, and which is not over. */
  isOf(context: unknown): boolean {
    return context !== undefined && this.#context === context;
  }

  /** Milliseconds: 0 once the invocation is over, `Infinity` where the context tells no limit. */
  get left(): number {
    const context = this.#context;
    if (context === undefined) return 0;
    // Tests call handlers with whatever they need of a context.
    return typeof context.getRemainingTimeInMillis === 'function'
      ? context.getRemainingTimeInMillis()
      : Number.POSITIVE_INFINITY;
  }

  lift(): void {
    this.#context = undefined;
  }

  /**
   * Aborts the signal of `unit` shortly before the limit, and ends the unit at the limit: where the process is kept and
   * not killed, nothing else would end what never settles. Call it where the unit runs.
   */
  guard(unit: Unit): void {
    const { left } = this;
    if (!(left > 0 && left <= LONGEST_MS)) return;
    let timer = setTimeout(
      () => {
        unit.abort(this.#reason());
        timer = setTimeout(() => void unit.end(), Math.max(0, this.left)).unref();
      },
      Math.max(0, left - this.#abortBeforeMs),
    ).unref();
    unit.onRelease(() => clearTimeout(timer));
  }

  #reason(): DOMException {
    const message = `The time of the Lambda invocation is up in ${this.#abortBeforeMs} ms (abortBeforeTimeoutMs)`;
    return new DOMException(message, 'TimeoutError');
  }
}
