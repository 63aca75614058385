// What a read has to search stays short, whatever opens scopes inside its own scope. That memory does not grow either is in
// nothing-grows.spec.ts, which asks the garbage collector.

import { ContextVar, gather, runUnitOfWork, ScopedValue, withTempContext } from '../../src/core/index.js';
import { storage } from '../../src/core/storage.js';

const first = new ContextVar<number>('first');
const second = new ContextVar<number>('second');
const role = new ScopedValue<number>('role');

/** How many bindings there are to search. */
function depth(): number {
  let count = 0;
  for (let at = storage.getStore(); at?.slot !== undefined; at = at.outer) count += 1;
  return count;
}

type Scope = (round: number, fn: () => number) => number;

/** Each round is work that the one before has left running. */
function depthAfter(rounds: number, scope: Scope): number {
  return runUnitOfWork({ kind: 'poller' }, () => {
    let resume = <R>(fn: () => R): R => fn();
    let deepest = 0;
    for (let i = 0; i < rounds; i++) {
      resume(() => {
        deepest = scope(i, () => {
          const frame = storage.getStore();
          resume = (fn) => storage.run(frame, fn);
          return depth();
        });
      });
    }
    return deepest;
  });
}

const scopes: readonly (readonly [what: string, scope: Scope, atMost: number])[] = [
  ['run', (i, fn) => first.run(i, fn), 1],
  ['run of two variables', (i, fn) => first.run(i, () => second.run(i, fn)), 2],
  ['run of two variables in turn', (i, fn) => (i % 2 === 0 ? first : second).run(i, fn), 2],
  ['ScopedValue.run', (i, fn) => role.run(i, fn), 1],
  ['withTempContext', (i, fn) => withTempContext([first.as(i)], fn), 2],
  ['withTempContext of two variables', (i, fn) => withTempContext([first.as(i), second.as(i)], fn), 4],
  ['withTempContext of a ScopedValue', (i, fn) => withTempContext([role.as(i)], fn), 1],
  ['run under withTempContext', (i, fn) => withTempContext([first.as(i)], () => second.run(i, fn)), 3],
];

test.each(scopes)('%s', (_what, scope, atMost) => {
  expect(depthAfter(2, scope)).toBeLessThanOrEqual(atMost);
  expect(depthAfter(30, scope)).toBeLessThanOrEqual(atMost);
});

test('a scope that is open stays, but where nobody can see it any more', () =>
  runUnitOfWork({ kind: 'test' }, () =>
    withTempContext([first.as(1)], () => {
      expect(withTempContext([second.as(2)], () => withTempContext([first.as(3)], depth))).toBe(3);
      expect(first.run(2, () => withTempContext([second.as(3)], depth))).toBe(2);
      withTempContext([second.as(3)], () =>
        first.run(4, () => {
          expect([first.get(), second.get(), depth()]).toEqual([4, 3, 2]);
        }),
      );
      expect(first.get()).toBe(1);
    }),
  ));

test('a branch of gather has as many bindings as its caller', () =>
  runUnitOfWork({ kind: 'test' }, () =>
    first.run(1, () => withTempContext([second.as(2)], () => gather([depth, () => gather([depth])]))),
  ).then((depths) => expect(depths).toEqual([2, [2]])));
