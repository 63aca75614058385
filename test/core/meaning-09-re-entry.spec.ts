// A Context can be entered again while it is running.

import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import {
  Context,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  runUnitOfWork,
} from '../../src/core/index.js';
import { endings, resultOf } from './support/endings.js';
import { outcomeOf } from './support/outcome.js';
import { startingStates } from './support/starting-states.js';

const text = new ContextVar<string>('text', { default: 'unset' });

describe.each(startingStates)('in %s', (_state, start) => {
  test.each(endings)(
    'an inner entry that %s shares what is set, both ways, and leaves the outer running',
    (how, end) =>
      start(async () => {
        const context = new Context();
        await context.run(async () => {
          text.set('outer');
          const here = currentUnit();
          const outcome = await outcomeOf(() =>
            context.run(() =>
              end(() => {
                expect(text.get()).toBe('outer');
                expect(currentUnit()).toBe(here);
                text.set('inner');
              }),
            ),
          );
          expect(outcome).toEqual(resultOf(how));
          expect(text.get()).toBe('inner');
          expect(here?.ended).toBe(false);
        });
        expect(context.get(text)).toBe('inner');
      }),
  );

  test('a listener enters the Context that is running its emitter', () =>
    start(() => {
      const context = new Context();
      const emitter = new EventEmitter();
      emitter.on('event', () => context.run(() => text.set('listener')));
      context.run(() => {
        emitter.emit('event');
        expect(text.get()).toBe('listener');
      });
    }));

  test('two asynchronous entries at once share the Context', () =>
    start(async () => {
      const context = new Context();
      const entry = (value: string): Promise<string> =>
        context.run(async () => {
          text.set(value);
          await setImmediate();
          return text.get();
        });
      expect(await Promise.all([entry('a'), entry('b')])).toEqual(['b', 'b']);
    }));
});

test('an entry from another unit runs in the unit of the Context, and the caller is back in its own after it', () =>
  runUnitOfWork({ kind: 'owner' }, async () => {
    const owner = currentUnit();
    text.set('owner');
    const context = new Context();
    context.run(() => text.set('in the context'));
    await createTask(async () => {
      const task = currentUnit();
      text.set('task');
      await context.run(async () => {
        await setImmediate();
        expect(currentUnit()).toBe(owner);
        expect(text.get()).toBe('in the context');
      });
      expect(currentUnit()).toBe(task);
      expect(text.get()).toBe('task');
    });
    expect(text.get()).toBe('owner');
  }));

test('a token made in one entry is good in another entry of the same Context', () => {
  const context = copyContext();
  context.run(() => {
    const token = text.set('value');
    context.run(() => text.reset(token));
    expect(text.get()).toBe('unset');
  });
});

test('a copy that is made while the Context is running is not entered with it', () => {
  const context = new Context();
  context.run(() => {
    text.set('original');
    const copy = context.copy();
    copy.run(() => text.set('copy'));
    expect(text.get()).toBe('original');
    expect([context.get(text), copy.get(text)]).toEqual(['original', 'copy']);
  });
});
