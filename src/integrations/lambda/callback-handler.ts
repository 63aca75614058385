import { isThenable } from './lambda-event.js';

type Callback = (...answer: unknown[]) => unknown;

/** What a handler calls back with: the first time counts, as in Lambda's runtime. */
class Answer {
  readonly #callback: Callback;
  #given: readonly unknown[] | undefined;
  #handedOn = false;
  #settle: (() => void) | undefined;

  constructor(callback: Callback) {
    this.#callback = callback;
  }

  get given(): boolean {
    return this.#given !== undefined;
  }

  readonly take: Callback = (...answer) => {
    if (this.#given !== undefined) return;
    this.#given = answer;
    this.#settle?.();
    if (this.#handedOn) this.#callback(...answer);
  };

  /** Settles when the handler calls back, as it does. */
  get settled(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#settle = () => {
        const [error, result] = this.#given ?? [];
        if (error === undefined || error === null) resolve(result);
        else reject(error);
      };
      if (this.given) this.#settle();
    });
  }

  /** From now on, the runtime gets what there is. */
  readonly handOn = (): void => {
    if (this.#handedOn) return;
    this.#handedOn = true;
    if (this.#given !== undefined) this.#callback(...this.#given);
  };
}

/**
 * Calls a handler that has been given a callback, whether it uses that, gives a promise, or both. The runtime is called
 * back only when the unit of work has ended.
 */
export function callWithCallback(
  run: (handle: () => unknown) => unknown,
  call: (args: unknown[]) => unknown,
  args: readonly unknown[],
  declaresCallback: boolean,
): unknown {
  const [event, context, callback, ...rest] = args;
  const answer = new Answer(callback as Callback);
  let returned: unknown;
  let awaitsCallback = false;
  let result: unknown;
  try {
    result = run(() => {
      returned = call([event, context, answer.take, ...rest]);
      awaitsCallback = !isThenable(returned) && (declaresCallback || answer.given);
      return awaitsCallback ? answer.settled : returned;
    });
  } catch (error) {
    answer.handOn();
    throw error;
  }
  if (!isThenable(result)) {
    answer.handOn();
    return result;
  }
  if (awaitsCallback) {
    result.then(answer.handOn, answer.handOn);
    return returned;
  }
  // Registered before the runtime's own reactions: an answer that was called back came first, and counts.
  return result.then(
    (value) => {
      answer.handOn();
      return value;
    },
    (error) => {
      answer.handOn();
      throw error;
    },
  );
}
