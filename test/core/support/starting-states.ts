import { Context, copyContext } from '../../../src/core/index.js';

export type Start = <R>(body: () => R) => R;

/** Where a body can find itself when it begins. */
export const startingStates: readonly (readonly [state: string, start: Start])[] = [
  ['no context', (body) => body()],
  ['a fresh context', (body) => new Context().run(body)],
  ['a copied context', (body) => new Context().run(() => copyContext().run(body))],
];

/** The ones in which a variable can be set. */
export const activeStates = startingStates.slice(1);
