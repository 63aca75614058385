import { setImmediate as immediate } from 'node:timers/promises';
import { types } from 'node:util';
import { type Ending, endAs, type Form, failure, see } from './temporary-forms.js';

/** A macrotask later: every microtask that is due has run. */
export const macrotask = (): Promise<unknown> => immediate();

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

/** `Promise.withResolvers`, which Node 20 does not have. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** What some work has read so far, kept apart by whether its scope was over when it did. */
export class Readings {
  readonly #form: Pick<Form, 'scoped'>;
  readonly open: unknown[] = [];
  readonly after: unknown[] = [];
  over = false;
  stopped = false;
  #waiting: (() => void)[] = [];

  constructor(form: Pick<Form, 'scoped'>) {
    this.#form = form;
  }

  read = (): void => {
    (this.over ? this.after : this.open).push(see(this.#form));
    for (const wake of this.#waiting.splice(0)) wake();
  };

  /** Until the work has read `count` times more. */
  async more(count: number): Promise<void> {
    const enough = this.open.length + this.after.length + count;
    while (this.open.length + this.after.length < enough) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Marks the end in the first microtask in which anybody outside can know of it. */
  async endedBy(call: () => unknown): Promise<void> {
    const over = (): void => {
      this.over = true;
    };
    let result: unknown;
    try {
      result = call();
    } finally {
      if (!types.isPromise(result)) over();
    }
    if (!types.isPromise(result)) return;
    // Not `finally`, which would be two microtasks late.
    await result.then(over, (error) => {
      over();
      throw error;
    });
  }
}

/**
 * Opens a temporary scope in which `start` starts some work, and ends it as `ending` says, while that work
 * is still running.
 */
export async function runToItsEnd(
  form: Form,
  ending: Ending,
  readings: Readings,
  start: () => void,
  value = 'temporary',
): Promise<void> {
  const call = readings.endedBy(() =>
    form.enter(value, () => {
      start();
      return ending.isAsync ? readings.more(2).then(() => endAs(ending)) : endAs(ending);
    }),
  );
  if (ending.fails) await expect(call).rejects.toBe(failure);
  else await call;
}
