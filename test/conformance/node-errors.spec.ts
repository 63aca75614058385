// What Node's tests of AsyncLocalStorage assert of errors that nobody catches, in our own words. In a process of its
// own: the test runner has handlers for them. docs/conformance.md has the list.

import { type CompiledCore, compileCore } from '../core/support/compiled-core.js';

let core: CompiledCore;
beforeAll(() => {
  core = compileCore('commonjs');
});
afterAll(() => core.remove());

/** What a program has printed, which says what each handler has read. */
const linesOf = (program: string): string[] => {
  const prelude = `
    const { ContextVar } = require('./core/index.js');
    const one = new ContextVar('one', { default: 'nothing' });
    const tell = (kind) => (error) => console.log(kind, error.message, one.get());
    process.on('uncaughtException', tell('uncaught'));
    process.on('unhandledRejection', tell('unhandled'));
  `;
  return core
    .run('errors.js', prelude + program)
    .stdout.trim()
    .split('\n');
};

test('errors: each handler runs in the context of the work that failed, and the next work in its own', () => {
  const lines = linesOf(`
    const vm = require('node:vm');
    try {
      one.run('caught', () => {
        setTimeout(late, 0);
        throw new Error('1');
      });
    } catch (error) {
      tell('caught')(error);
    }
    function late() {
      process.nextTick(awaited);
      throw new Error('2');
    }
    function awaited() {
      tell('goes on')(new Error('3'));
      one.run('awaiting', () => {
        void (async () => {
          await null;
          throw new Error('4');
        })();
      });
      process.once('unhandledRejection', again);
    }
    function again() {
      Promise.reject(new Error('5'));
      process.once('unhandledRejection', orphan);
    }
    function orphan() {
      vm.compileFunction('(async () => { await null; Promise.resolve().then(() => { throw new Error("6"); }); })()')();
    }
  `);
  expect(lines).toEqual([
    'caught 1 nothing',
    'uncaught 2 caught',
    'goes on 3 caught',
    'unhandled 4 awaiting',
    'unhandled 5 awaiting',
    'unhandled 6 awaiting',
  ]);
});

test('errors-async: an error after a pause is handled in its own run, another at the same time in its own', () => {
  const lines = linesOf(`
    for (const name of ['a', 'b', 'c']) {
      one.run(name, () => void setImmediate(() => { throw new Error(name); }));
      one.run(name, () => void (async () => { await null; throw new Error(name); })());
    }
  `);
  const expected = ['a', 'b', 'c'].flatMap((name) => [
    `uncaught ${name} ${name}`,
    `unhandled ${name} ${name}`,
  ]);
  expect(lines.sort()).toEqual(expected.sort());
});

test('errors-sync-ret: an error that leaves run leaves its context too', () => {
  const lines = linesOf(`
    setTimeout(() => console.log('later', one.get()), 1);
    one.run('gone', () => { throw new Error('1'); });
  `);
  // Thrown by the main program, outside of the run by then.
  expect(lines).toEqual(['uncaught 1 nothing', 'later nothing']);
});

// Departure: that promise settles when the call has been followed to its end, and is the caller's.
test('errors: a rejection of the promise that run gives is handled where run was called', () => {
  const lines = linesOf(`
    const fail = async () => { await null; throw new Error(one.get()); };
    one.run('outside', () => void one.run('inside', fail));
    one.run('alone', fail);
  `);
  expect(lines.sort()).toEqual(['unhandled alone nothing', 'unhandled inside outside']);
});
