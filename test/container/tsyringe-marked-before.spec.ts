// A file of its own: imports come before everything else, so the entry has to be loaded by a test.

import { container, injectable } from 'tsyringe';
import { ContextScoped } from '../../src/container/internal.js';
import { currentUnit, runUnitOfWork } from '../../src/core/index.js';

test('the entry takes care of classes that were marked and registered before it was loaded', async () => {
  @ContextScoped()
  class Marked {
    readonly unit = currentUnit()?.id;
  }
  @injectable()
  class Consumer {
    constructor(readonly marked: Marked) {}
  }
  container.registerSingleton(Consumer);
  container.registerSingleton('Marked', Marked);

  await import('../../src/container/index.js');

  const consumer = container.resolve(Consumer);
  for (let i = 0; i < 2; i++) {
    runUnitOfWork({ kind: 'test' }, () => {
      expect(consumer.marked.unit).toBe(currentUnit()?.id);
      expect(container.resolve<Marked>('Marked').unit).toBe(currentUnit()?.id);
    });
  }
});

test('a second copy of tsyringe works with the entry that is loaded beside it', async () => {
  await import('../../src/container/index.js');
  jest.resetModules();
  const other = await import('tsyringe');
  const { ContextScoped: mark } = await import('../../src/container/index.js');
  expect(other.container).not.toBe(container);
  expect(mark).toBe(ContextScoped);

  class Marked {
    readonly unit = currentUnit()?.id;
  }
  mark()(Marked);
  const standIn = other.container.resolve(Marked);
  for (let i = 0; i < 2; i++) {
    runUnitOfWork({ kind: 'test' }, () => expect(standIn.unit).toBe(currentUnit()?.id));
  }
});
