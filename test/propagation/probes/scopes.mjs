// What others do with an AsyncLocalStorage and goes wrong there: enter, leave, turn off, put back.
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { execFileSync } from 'node:child_process';
import { bindContext, ScopedValue, withTempContext } from 'nestjs-contextvars/core';
import { later, see, sleep, who, within } from '../support.mjs';

const role = new ScopedValue('role');

// Made outside any context, so it runs outside any.
const detached = bindContext((fn) => fn());

/** What a sibling in the same Promise.all sees of a value that `work` has for itself, before and after an await. */
async function siblingOf(work) {
  return within('A', async () => {
    const sibling = async () => {
      const before = see();
      await sleep(2);
      return before === see() ? before : `${before} ${see()}`;
    };
    const [, seen] = await Promise.all([work(), sibling()]);
    return seen === see() ? seen : `${seen}, then ${see()}`;
  });
}

async function tokenHeld() {
  const token = who.set('ADMIN');
  try {
    await sleep(10);
  } finally {
    who.reset(token);
  }
}

function sameValueTwice() {
  return within('outer', () =>
    who.run('A', () => {
      who.run('A', () => void who.set('C'));
      return see();
    }),
  );
}

async function turnedOff() {
  const other = new AsyncLocalStorage();
  return within('A', () =>
    other.run('theirs', async () => {
      const seen = sleep(5).then(see);
      other.disable();
      return seen;
    }),
  );
}

async function loserOfRace() {
  const { promise, resolve } = later();
  const loser = async () => {
    await sleep(10);
    try {
      resolve(role.get('fallback'));
    } catch (error) {
      resolve(error.code);
    }
  };
  await within('A', () => role.run('ADMIN', () => Promise.race([sleep(1), loser()])));
  return promise;
}

async function rejectedElsewhere() {
  const { promise, resolve } = later();
  process.once('unhandledRejection', () => resolve(see()));
  let reject;
  within('A', () => {
    new Promise((_, given) => {
      reject = given;
    });
  });
  within('B', () => reject(new Error('nobody listens')));
  return promise;
}

async function caughtWhereMade() {
  let reject;
  const seen = within('A', () =>
    new Promise((_, given) => {
      reject = given;
    }).catch(() => see()),
  );
  within('B', () => reject(new Error('somebody listens')));
  return seen;
}

async function thrownByTimer() {
  const { promise, resolve } = later();
  process.once('uncaughtException', () => resolve(see()));
  within('A', () =>
    setTimeout(() => {
      throw new Error('nobody listens');
    }),
  );
  return promise;
}

/** Runs a module in a process of its own; gives what it printed. */
function elsewhere(source) {
  const args = ['--input-type=module', '--eval', source];
  const flags = process.execArgv.filter((flag) => flag.includes('async-context-frame'));
  return execFileSync(process.execPath, [...flags, ...args], {
    cwd: new URL('../../..', import.meta.url),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

const countStorages = `
  import hooks from 'node:async_hooks';
  import { syncBuiltinESMExports } from 'node:module';
  let made = 0;
  class Counted extends hooks.AsyncLocalStorage {
    constructor(...args) {
      super(...args);
      made += 1;
    }
  }
  // On later versions of Node it has no setter.
  Object.defineProperty(hooks, 'AsyncLocalStorage', { value: Counted });
  syncBuiltinESMExports();
  const { createTask, runUnitOfWork } = await import('nestjs-contextvars/core');
  for (let i = 0; i < 1000; i++) await runUnitOfWork({ kind: 'unit' }, () => createTask(async () => {}));
  console.log(made);
`;

const exhaust = `
  import { ContextVar, runUnitOfWork } from 'nestjs-contextvars/core';
  const depth = new ContextVar('depth');
  const deeper = () => depth.run(1, () => deeper());
  runUnitOfWork({ kind: 'unit' }, () => {
    try {
      deeper();
    } catch (error) {
      console.log(error instanceof RangeError ? 'RangeError' : error.name);
    }
  });
`;

function testRunner(body) {
  return elsewhere(`
    import { writeSync } from 'node:fs';
    import { beforeEach, test } from 'node:test';
    import { ContextVar, runUnitOfWork } from 'nestjs-contextvars/core';
    import { runInTestUnit } from 'nestjs-contextvars/testing';
    const who = new ContextVar('who', { default: 'none' });
    ${body}
  `).match(/seen: (\w+)/)?.[1];
}

export const scopes = [
  {
    no: 6,
    what: 'a value that a callee gives itself (`enterWith`): what a sibling sees, and the caller after it',
    right: 'A',
    plain: () =>
      siblingOf(async () => {
        who.set('LEAK');
        await sleep(1);
      }),
    remedy: '`who.run`, `withTempContext`, `gather`; `set` is for the unit of work',
    remedied: () => siblingOf(() => who.run('LEAK', () => sleep(1))),
  },
  {
    no: 7,
    what: 'a value that is put back later (`withScope`, `using`, a token): what a sibling sees',
    right: 'A',
    plain: () => siblingOf(tokenHeld),
    remedy: '`withTempContext`, `@WithTempContext`',
    remedied: () => siblingOf(() => withTempContext([who.as('ADMIN')], () => sleep(10))),
  },
  {
    no: 8,
    what: '`run` with the value that it has already, and a `set` in it',
    right: 'A',
    plain: sameValueTwice,
  },
  {
    no: 9,
    what: 'leaving a context and coming back (`exit`)',
    right: 'none A',
    plain: () => within('A', () => `${detached(see)} ${see()}`),
  },
  {
    no: 10,
    what: 'an `AsyncResource` made in A that is used in B, and a `set` in it',
    right: 'A B',
    plain: () => {
      const resource = within('A', () => new AsyncResource('probe'));
      return within('B', () => {
        const seen = resource.runInAsyncScope(see);
        resource.runInAsyncScope(() => who.set('C'));
        return `${seen} ${see()}`;
      });
    },
  },
  { no: 11, what: '`disable` of another AsyncLocalStorage', right: 'A', plain: turnedOff },
  {
    no: 12,
    what: '`unhandledRejection`: a promise made in A, rejected in B',
    right: 'A',
    plain: rejectedElsewhere,
    remedy: '`catch` where it is made; `background: true` reports in the context of the call',
    remedied: caughtWhereMade,
  },
  { no: 12, what: '`uncaughtException`: thrown by a timer of A', right: 'A', plain: thrownByTimer },
  {
    no: 40,
    what: 'the loser of `Promise.race` reads a temporary `ScopedValue` when the race is over',
    right: 'ERR_SCOPE_ENDED',
    plain: loserOfRace,
  },
  {
    no: 42,
    what: '`node:test`: a value that `beforeEach` gives, in the test',
    right: 'A',
    plain: () =>
      testRunner(`
        beforeEach(() => runUnitOfWork({ kind: 'hook' }, () => who.set('A')));
        test('one', () => void writeSync(1, 'seen: ' + who.get() + '\\n'));
      `),
    remedy: '`runInTestUnit` around the body',
    remedied: () =>
      testRunner(`
        test('one', () =>
          runInTestUnit({ bindings: [who.as('A')] }, () => void writeSync(1, 'seen: ' + who.get() + '\\n')));
      `),
  },
  {
    no: 43,
    what: 'AsyncLocalStorages that this library makes in 1,000 units of work',
    right: '1',
    plain: () => elsewhere(countStorages),
  },
  {
    no: 44,
    what: 'a stack that overflows inside scopes can be caught',
    right: 'RangeError',
    plain: () => elsewhere(exhaust),
  },
];
