// Another library's context, whose hooks fail while a request is opened and ended.
import { AsyncLocalStorage } from 'node:async_hooks';
import { registerForeignContext } from 'nestjs-contextvars/core';

const storage = new AsyncLocalStorage();
let armed;

function reach(hook) {
  if (armed?.hook !== hook) return;
  const { failure } = armed;
  armed = undefined;
  throw failure;
}

/** From now on, for the whole process. */
export function registerForeign() {
  registerForeignContext({
    name: 'throws',
    capture: () => storage.getStore(),
    run(state, fn) {
      reach('run');
      return storage.run(state, fn);
    },
    fork(state, unit) {
      reach('fork');
      return { from: state, of: unit.kind };
    },
    release() {
      reach('release');
    },
  });
}

/** Has the next call of `hook` fail. */
export function arm(hook, failure) {
  armed = { hook, failure };
}

export const isArmed = () => armed !== undefined;

export const hooks = {
  fork: { status: 500 },
  run: { status: 500 },
  // The answer has been sent: the logger is told.
  release: { status: 200, logs: true },
};
