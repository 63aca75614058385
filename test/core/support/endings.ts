import { setImmediate } from 'node:timers/promises';

export const FAILURE = new Error('the call failed');

/** The four ways in which a call can end. `body` is what the call does before it ends so. */
export const endings: readonly (readonly [how: string, end: (body?: () => void) => unknown])[] = [
  [
    'returns',
    (body) => {
      body?.();
      return 'done';
    },
  ],
  [
    'throws',
    (body) => {
      body?.();
      throw FAILURE;
    },
  ],
  [
    'resolves',
    async (body) => {
      await setImmediate();
      body?.();
      await setImmediate();
      return 'done';
    },
  ],
  [
    'rejects',
    async (body) => {
      await setImmediate();
      body?.();
      await setImmediate();
      throw FAILURE;
    },
  ],
];

/** What a call with that ending comes to. */
export function resultOf(how: string): { value: unknown } | { error: unknown } {
  return how === 'returns' || how === 'resolves' ? { value: 'done' } : { error: FAILURE };
}
