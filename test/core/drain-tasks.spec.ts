// Waiting for all tasks: not for those that would have to wait for themselves, and not for ever.

import { setImmediate as macrotask } from 'node:timers/promises';
import { createTask, preserveContext, runUnitOfWork } from '../../src/core/index.js';
import { drainTasks } from '../../src/core/tasks.js';

/** A task that settles when it is told to. */
function pending(name: string): { readonly done: Promise<void>; readonly finish: () => void } {
  let finish = (): void => {};
  const wait = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { done: createTask(() => wait, { name }), finish };
}

afterEach(async () => {
  expect(await drainTasks(1000)).toEqual([]);
});

test('there is nothing to wait for', async () => {
  expect(await drainTasks(60_000)).toEqual([]);
});

test('a task that waits for all others does not wait for itself', async () => {
  expect(await createTask(() => drainTasks(60_000))).toEqual([]);
});

test('nor for those that it was started in, whatever is between them', async () => {
  const started = createTask(() => createTask(() => drainTasks(60_000)));
  expect(await started).toEqual([]);
  const render = preserveContext(() => drainTasks(60_000), { background: true });
  expect(await createTask(() => render())).toEqual([]);
});

test('but for every other one, and for those that are started meanwhile', async () => {
  const first = pending('first');
  const second = pending('second');
  let drained = false;
  const all = createTask(() => drainTasks(60_000)).then((left) => {
    drained = true;
    return left;
  });
  first.finish();
  await first.done;
  const third = pending('third');
  second.finish();
  await second.done;
  await macrotask();
  expect(drained).toBe(false);
  third.finish();
  expect(await all).toEqual([]);
});

test('those that take too long are left, by their names', async () => {
  const slow = pending('slow');
  const left = await runUnitOfWork({ kind: 'shutdown' }, () => drainTasks(5));
  expect(left.map(({ name }) => name)).toEqual(['slow']);
  expect(await createTask(() => drainTasks(5))).toEqual(left);
  slow.finish();
  await slow.done;
});

test('no timer is left', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  await drainTasks(60_000);
  expect(timers()).toBe(before);
});
