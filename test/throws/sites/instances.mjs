// Context-scoped instances without Nest: constructors, factories, methods and disposers.
import 'reflect-metadata';
import { ContextScoped, contextScopedFactory, loadScoped } from 'nestjs-contextvars/container';
import { currentUnit, runUnitOfWork } from 'nestjs-contextvars/core';
import { container, inject } from 'tsyringe';

/** What the code of a site does, while it is under way: by unit of work. */
const acts = new WeakMap();
const act = () => acts.get(currentUnit())?.();

class Made {
  constructor() {
    act();
  }

  hello() {
    return 'ok';
  }
}
class Needed {
  constructor() {
    act();
  }

  hello() {
    return 'ok';
  }
}
class Needing {
  constructor(needed) {
    this.needed = needed;
    this.greeting = needed.hello();
  }

  hello() {
    return this.greeting;
  }
}
class Called {
  hello() {
    act();
    return 'ok';
  }

  async helloLater() {
    await null;
    act();
    return 'ok';
  }

  get greeting() {
    act();
    return 'ok';
  }
}
class Disposed {
  hello() {
    return 'ok';
  }

  [Symbol.dispose]() {
    act();
  }
}
class DisposedLater {
  hello() {
    return 'ok';
  }

  async [Symbol.asyncDispose]() {
    await null;
    act();
  }
}
for (const type of [Made, Needed, Needing, Called, Disposed, DisposedLater]) ContextScoped()(type);
inject(Needed)(Needing, undefined, 0);

container.register('factory', {
  useFactory: contextScopedFactory(
    () => {
      act();
      return { hello: () => 'ok' };
    },
    { name: 'factory' },
  ),
});
container.register('later', {
  useFactory: contextScopedFactory(
    async () => {
      await null;
      act();
      return { hello: () => 'ok' };
    },
    { name: 'later' },
  ),
});
container.register('disposes', {
  useFactory: contextScopedFactory(() => ({ hello: () => 'ok', [Symbol.dispose]: act }), {
    name: 'disposes',
  }),
});

const made = container.resolve(Made);
const needing = container.resolve(Needing);
const called = container.resolve(Called);
const disposed = container.resolve(Disposed);
const disposedLater = container.resolve(DisposedLater);
const fromFactory = container.resolve('factory');
const fromLater = container.resolve('later');
const disposes = container.resolve('disposes');

/** Where it fails in the call, and where at the end of the unit of work, when the caller has the result. */
const uses = {
  'a constructor': { use: () => made.hello() },
  'the constructor of a dependency': { use: () => needing.hello() },
  'a factory': { use: () => fromFactory.hello() },
  'an asynchronous factory': {
    use: async () => {
      await loadScoped('later');
      return fromLater.hello();
    },
  },
  'a method': { use: () => called.hello() },
  'an asynchronous method': { use: () => called.helloLater() },
  'a getter': { use: () => called.greeting },
  'a disposer': { use: () => disposed.hello(), atEnd: true },
  'an asynchronous disposer': { use: () => disposedLater.hello(), atEnd: true },
  'the disposer of what a factory made': { use: () => disposes.hello(), atEnd: true },
  'a disposer, with others': {
    use: () => [disposedLater.hello(), disposed.hello(), disposes.hello()][0],
    atEnd: true,
    // Each of them fails, and none keeps the next from its turn; one of them is told.
    once: true,
  },
};

export const sites = Object.entries(uses).flatMap(([name, { use, atEnd, once }]) => {
  const inside = (throwIt, kit, body) =>
    runUnitOfWork({ kind: 'inside' }, () => {
      kit.mustEnd(currentUnit());
      let done = false;
      acts.set(currentUnit(), () => {
        if (once && done) return;
        done = true;
        throwIt?.();
      });
      return body();
    });
  const throwing = (failure) => () => {
    throw failure;
  };
  const site = {
    name: `context-scoped: ${name}`,
    arrives: atEnd ? 'reported' : 'caller',
    fail: (failure, kit) => inside(throwing(failure), kit, use),
    works: (kit) => inside(undefined, kit, use),
  };
  if (atEnd) return [site];
  return [
    site,
    {
      name: `context-scoped: ${name}, tried again in the same unit of work`,
      fail: (failure, kit) => inside(throwing(failure), kit, use),
      works: (kit) =>
        inside(throwing(new Error('the first time')), kit, async () => {
          await Promise.resolve()
            .then(use)
            .catch(() => {});
          acts.delete(currentUnit());
          return await use();
        }),
    },
  ];
});
