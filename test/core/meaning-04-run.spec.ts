// `run(value, fn)` never changes what the caller or a sibling sees.

import { setImmediate } from 'node:timers/promises';
import { ContextVar, currentUnit } from '../../src/core/index.js';
import { endings, resultOf } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';
import { startingStates } from './support/starting-states.js';

const text = new ContextVar<string>('text', { default: 'default' });
const other = new ContextVar<string>('other', { default: 'default' });

describe.each(startingStates)('in %s, ContextVar.run', (state, start) => {
  const active = state !== 'no context';

  test.each(endings)('shows its value to the call and not to the caller, when the call %s', (how, end) =>
    start(async () => {
      if (active) text.set('caller');
      const before = text.get();
      const pending = outcomeOf(() =>
        text.run('inside', () => {
          expect(text.get()).toBe('inside');
          return end(() => expect(text.get()).toBe('inside'));
        }),
      );
      expect(text.get()).toBe(before);
      expect(await pending).toEqual(resultOf(how));
      expect(text.get()).toBe(before);
    }),
  );

  test.each(endings)('keeps to itself what the call sets to the same variable, when it %s', (_how, end) =>
    start(async () => {
      const before = text.get();
      await outcomeOf(() =>
        text.run('inside', () =>
          end(() => {
            text.set('changed inside');
            expect(text.get()).toBe('changed inside');
          }),
        ),
      );
      expect(text.get()).toBe(before);
    }),
  );

  test.each(endings)('leaves other variables set that the call has set, when it %s', (_how, end) =>
    start(async () => {
      await outcomeOf(() => text.run('inside', () => end(() => other.set('set inside'))));
      // Outside any context the unit that was begun for the call takes them along.
      expect(other.get()).toBe(active ? 'set inside' : 'default');
    }),
  );

  test('shows nothing to a sibling that runs meanwhile', () =>
    start(async () => {
      const before = text.get();
      const seen: string[] = [];
      const sibling = async (): Promise<void> => {
        for (let i = 0; i < 3; i++) {
          seen.push(text.get());
          await setImmediate();
        }
      };
      await Promise.all([text.run('inside', async () => setImmediate()), sibling()]);
      expect(seen).toEqual([before, before, before]);
    }));

  test('does not mix with another run that overlaps it', () =>
    start(async () => {
      const before = text.get();
      const overlap = (value: string, hops: number): Promise<string[]> =>
        text.run(value, async () => {
          const seen: string[] = [];
          for (let i = 0; i < hops; i++) {
            seen.push(text.get());
            await setImmediate();
          }
          return seen;
        });
      const [a, b] = await Promise.all([overlap('a', 2), overlap('b', 3)]);
      expect(a).toEqual(['a', 'a']);
      expect(b).toEqual(['b', 'b', 'b']);
      expect(text.get()).toBe(before);
    }));

  test.each<[string, () => Promise<unknown>]>([
    ['a promise', () => setImmediate().then(() => setImmediate())],
    ['a timer', () => new Promise((resolve) => setTimeout(resolve, 1))],
    ['an immediate', () => new Promise((resolve) => globalThis.setImmediate(resolve))],
    ['a tick', () => new Promise<void>((resolve) => process.nextTick(resolve))],
    ['a microtask', () => new Promise<void>((resolve) => queueMicrotask(resolve))],
  ])('stays in force for good in %s that the call leaves running, and can be set there', (_what, later) =>
    start(async () => {
      const before = text.get();
      let left: Promise<string[]> | undefined;
      text.run('inside', () => {
        left = later().then(() => {
          const read = text.get();
          text.set('set later');
          return [read, text.get()];
        });
      });
      expect(await left).toEqual(['inside', 'set later']);
      expect(text.get()).toBe(before);
    }),
  );

  test('nested in another one is the one that is seen, and the outer one is back after it', () =>
    start(() => {
      const seen = text.run('outer', () => {
        const inner = text.run('inner', () => text.run('innermost', () => text.get()));
        return [inner, text.run('inner', () => text.get()), text.get()];
      });
      expect(seen).toEqual(['innermost', 'inner', 'outer']);
    }));

  test('of undefined wins over the default', () =>
    start(() => {
      const maybe = text as unknown as ContextVar<string | undefined>;
      expect(maybe.run(undefined, () => [maybe.get(), maybe.get('fallback')])).toEqual([
        undefined,
        undefined,
      ]);
    }));

  test('gives back exactly what the call returns', () =>
    start(() => {
      const object = { some: 'object' };
      const array = [1];
      const fn = (): void => {};
      expect(text.run('inside', () => object)).toBe(object);
      expect(text.run('inside', () => array)).toBe(array);
      expect(text.run('inside', () => fn)).toBe(fn);
      expect(text.run('inside', () => undefined)).toBeUndefined();
    }));
});

test('run inside a unit of work stays in it', () => {
  text.run('outer', () => {
    const here = currentUnit();
    expect(text.run('inner', currentUnit)).toBe(here);
  });
});

test('a token made under run is good there and nowhere else', () => {
  text.run('outer', () => {
    const outside = text.set('set outside');
    text.run('inner', () => {
      const inside = text.set('set inside');
      expect(inside.oldValue).toBe('inner');
      expect(() => text.reset(outside)).toThrow(
        expect.objectContaining({ code: 'ERR_TOKEN_FOREIGN_CONTEXT' }),
      );
      text.reset(inside);
      expect(text.get()).toBe('inner');
    });
    text.reset(outside);
    expect(text.get()).toBe('outer');
  });
});
