// A unit of work that is given a Context shares it on purpose: with whoever enters it, and with later subscriptions.

import { setImmediate as macrotask } from 'node:timers/promises';
import { Observable } from 'rxjs';
import {
  Context,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  runUnitOfWork,
} from '../../src/core/index.js';

const count = new ContextVar<number>('count', { default: 0 });

/** Each subscription counts one up. */
const counting = (): Observable<number> =>
  new Observable((to) => {
    count.set(count.get() + 1);
    to.next(count.get());
  });

type Begin = <R>(fn: () => R, context?: Context) => R | Promise<Awaited<R>>;
const begins: readonly (readonly [what: string, kind: string, begin: Begin])[] = [
  ['createTask', 'task', (fn, context) => createTask(fn, { context })],
  ['runUnitOfWork', 'job', (fn, context) => runUnitOfWork({ kind: 'job', context }, fn)],
];

describe.each(begins)('%s with a Context', (_what, kind, begin) => {
  test('is what whoever enters that joins, until it has ended', async () => {
    const context = new Context();
    const running = begin(macrotask, context);
    expect(context.run(() => currentUnit()?.kind)).toBe(kind);
    await running;
    expect(context.run(() => currentUnit()?.kind)).toBe('context');
  });

  test('that belongs to an open unit of work leaves it there', async () => {
    await runUnitOfWork({ kind: 'owner' }, async () => {
      const context = copyContext();
      const running = begin(macrotask, context);
      expect(context.run(() => currentUnit()?.kind)).toBe('owner');
      await running;
    });
  });

  test('goes on in it with each subscription to what it gives', async () => {
    const context = new Context();
    const result = await begin(counting, context);
    const seen: number[] = [];
    for (let i = 0; i < 2; i++) result.subscribe((value) => seen.push(value));
    expect(seen).toEqual([1, 2]);
    expect(context.get(count)).toBe(2);
  });

  test('and without one in a copy for each', async () => {
    const result = await begin(counting);
    const seen: number[] = [];
    for (let i = 0; i < 2; i++) result.subscribe((value) => seen.push(value));
    expect(seen).toEqual([1, 1]);
  });
});
