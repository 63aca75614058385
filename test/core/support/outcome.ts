/** How a call went: with a value, or with what it threw or rejected with. */
export type Outcome<T> = { value: T } | { error: unknown };

/** Calls `fn` and waits until it has settled, however that is. */
export async function outcomeOf<T>(fn: () => T): Promise<Outcome<Awaited<T>>> {
  try {
    return { value: await fn() };
  } catch (error) {
    return { error };
  }
}

/** What `fn` throws; fails where it does not. */
export function thrownBy(fn: () => unknown): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new Error('expected it to throw');
}

/** The code of what `fn` throws or rejects with; undefined where it does neither. */
export async function codeOf(fn: () => unknown): Promise<string | undefined> {
  const outcome = await outcomeOf(fn);
  return 'error' in outcome
    ? ((outcome.error as { code?: string }).code ?? String(outcome.error))
    : undefined;
}

/** What `toThrow` takes, for one code of ContextError. */
export function withCode(code: string): Error {
  return expect.objectContaining({ name: 'ContextError', code }) as unknown as Error;
}
