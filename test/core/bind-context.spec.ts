import { setImmediate } from 'node:timers/promises';
import {
  bindContext,
  ContextVar,
  copyContext,
  currentUnit,
  gather,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';
import { coreError } from './support/core-error.js';
import { endings, resultOf } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';
import { activeStates, startingStates } from './support/starting-states.js';

const text = new ContextVar<string>('text', { default: 'default' });
const role = new ScopedValue<string>('role');

describe.each(startingStates)('called in %s, a bound function', (_state, start) => {
  test.each(endings)('runs where it was bound and gives what the call comes to, when it %s', (how, end) =>
    runUnitOfWork({ kind: 'owner' }, async () => {
      text.set('where it was bound');
      const here = currentUnit();
      const seen: unknown[] = [];
      const bound = bindContext(() => end(() => seen.push(text.get(), currentUnit() === here)));
      const outcome = await start(async () => outcomeOf(bound));
      expect(outcome).toEqual(resultOf(how));
      expect(seen).toEqual(['where it was bound', true]);
      expect(here?.ended).toBe(false);
    }),
  );
});

describe.each(activeStates)('bound in %s, a function', (_state, start) => {
  test('runs in the live Context: sets are seen both ways', () =>
    start(async () => {
      const bound = bindContext((value: string) => {
        const before = text.get();
        text.set(value);
        return before;
      });
      text.set('set after it was bound');
      expect(runUnitOfWork({ kind: 'other' }, () => bound('set by it'))).toBe('set after it was bound');
      expect(text.get()).toBe('set by it');
    }));
});

test('bound outside any context, a function runs outside any', async () => {
  const bound = bindContext(async () => {
    const first = [text.get(), currentUnit()];
    await setImmediate();
    return [...first, text.get(), currentUnit()];
  });
  const seen = await runUnitOfWork({ kind: 'caller' }, () => {
    text.set('of the caller');
    return bound();
  });
  expect(seen).toEqual(['default', undefined, 'default', undefined]);
});

test('a ContextVar under a temporary binding or a run keeps the value that it had when the function was bound', () =>
  runUnitOfWork({ kind: 'test' }, async () => {
    text.set('base');
    const ended = withTempContext([text.as('temporary')], () => bindContext(() => text.get()));
    const inRun = text.run('run', () => bindContext(() => text.get()));
    expect([ended(), inRun()]).toEqual(['temporary', 'run']);
    expect(text.get()).toBe('base');
  }));

test('what one call sets under a captured binding is not seen by the next one', () =>
  text.run('run', () => {
    const bound = bindContext(() => {
      const before = text.get();
      text.set('set by a call');
      return before;
    });
    expect([bound(), bound(), text.get()]).toEqual(['run', 'run', 'run']);
  }));

test('a ScopedValue under a temporary binding is not captured, and a base one is', () =>
  runUnitOfWork({ kind: 'test' }, () => {
    role.bind('base');
    const outside = bindContext(() => role.get());
    const under = role.run('temporary', () => {
      const bound = bindContext(() => role.get('fallback'));
      expect(bound).toThrow(coreError('ERR_SCOPE_ENDED'));
      expect(outside()).toBe('base');
      return bound;
    });
    expect(under).toThrow(coreError('ERR_SCOPE_ENDED'));
    expect(role.run('temporary', outside)).toBe('base');
  }));

test('this, arguments, name, length and own properties are those of the function', () => {
  const original = Object.assign(
    function named(this: unknown, a: number, b: number): unknown[] {
      return [this, a, b];
    },
    { tag: 'mine' },
  );
  const bound = bindContext(original);
  const self = { some: 'object' };
  expect(bound.call(self, 1, 2)).toEqual([self, 1, 2]);
  expect([bound.name, bound.length, bound.tag]).toEqual(['named', 2, 'mine']);
});

test('a bound function that is bound again stays where it was bound first', () =>
  runUnitOfWork({ kind: 'first' }, () => {
    text.set('first');
    const bound = bindContext(() => text.get());
    const again = runUnitOfWork({ kind: 'second' }, () => {
      text.set('second');
      return bindContext(bound);
    });
    expect(again()).toBe('first');
  }));

describe('bound in a copy of a Context in which a variable was under run', () => {
  const copyUnderRun = () => text.run('under run', () => copyContext());

  test('a function resets a token that was made in that copy', () => {
    copyUnderRun().run(() => {
      const token = text.set('set in the copy');
      bindContext(() => text.reset(token))();
      expect(text.get()).toBe('under run');
    });
  });

  test('what a function sets is seen in that copy, now and when it is entered again', () => {
    const copy = copyUnderRun();
    copy.run(() => {
      bindContext(() => text.set('set by the function'))();
      expect(text.get()).toBe('set by the function');
    });
    expect(copy.run(() => text.get())).toBe('set by the function');
  });

  test('what a function sets under a further run is its own, at each call', () => {
    copyUnderRun().run(() => {
      const bound = text.run('inner', () =>
        bindContext((value: string) => {
          const before = text.get();
          text.set(value);
          return before;
        }),
      );
      expect([bound('first'), bound('second'), text.get()]).toEqual(['inner', 'inner', 'under run']);
    });
  });

  test('a function in a branch of gather is bound to the branch', async () => {
    await copyUnderRun().run(async () => {
      const branch = async () => {
        bindContext(() => text.set('set in the branch'))();
        return text.get();
      };
      expect(await gather([branch, async () => text.get()])).toEqual(['set in the branch', 'under run']);
      expect(text.get()).toBe('under run');
    });
  });
});
