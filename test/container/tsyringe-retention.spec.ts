// What a unit of work has made in tsyringe's containers goes with it. Needs --expose-gc.

import { container, type DependencyContainer, injectable, Lifecycle, scoped } from 'tsyringe';
import { ContextScoped, contextScopedFactory } from '../../src/container/index.js';
import { copyContext, currentUnit, runUnitOfWork } from '../../src/core/index.js';
import { stillHeld } from '../support/collector.js';

// What the collector leaves for once differs from run to run: compiled code holds what it no longer needs. What is
// really kept is kept each time.
jest.retryTimes(3);

const refs: WeakRef<object>[] = [];
function watch<T extends object>(object: T): T {
  refs.push(new WeakRef(object));
  return object;
}

const alive = async (): Promise<number> => (await stillHeld(refs)).length;

@scoped(Lifecycle.ContainerScoped)
class Cache {
  constructor() {
    watch(this);
  }
  // tsyringe keeps what has this in a list.
  dispose(): void {}
}

@injectable()
class Part {
  constructor() {
    watch(this);
  }
}

@ContextScoped()
class Repo {
  constructor(
    readonly cache: Cache,
    readonly part: Part,
  ) {
    watch(this);
  }
  dispose(): void {}
}

test('neither its container nor anything in it is held by a timer that holds its context', async () => {
  container.register('Container', {
    useFactory: contextScopedFactory((c: DependencyContainer) => ({ container: watch(c) })),
  });
  const held: unknown[] = [];
  const timer = runUnitOfWork({ kind: 'test' }, () => {
    held.push(currentUnit(), copyContext());
    void container.resolve(Repo).part;
    void container.resolve<{ container: object }>('Container').container;
    return setInterval(() => held.length, 60_000);
  });
  expect(refs).toHaveLength(4);
  expect(await alive()).toBe(0);
  expect(held).toHaveLength(2);
  clearInterval(timer);
});

test('a child container of a user is let go of with the stand-ins in it', async () => {
  refs.length = 0;
  (() => {
    const child = watch(container.createChildContainer());
    const repo = watch(child.resolve(Repo));
    runUnitOfWork({ kind: 'test' }, () => void repo.part);
  })();
  expect(refs).toHaveLength(5);
  expect(await alive()).toBe(0);
});
