// Functions of the programs that the library is given, and what it gives back for them.

import { types } from 'node:util';
import { drainAll, generate, generateAsync, Running, watched } from './generators.mjs';

/** One call of such a function: what it does, where, and what comes of it. */
export class Call {
  calls = 0;
  value = undefined;
  error = undefined;
  generator = undefined;

  /**
   * `place` may be a function that is asked when the call begins. `end(sync)` is called when it is over. `lease` is that of
   * the temporary scope that it is the body of.
   */
  constructor(s, { form, block }, place, end, lease) {
    this.s = s;
    this.form = form;
    this.block = block;
    this.place = place;
    this.end = end;
    this.lease = lease;
  }
}

/**
 * What the library calls. Runs the block where the model says, notes what comes of it, and tells the model when the call is
 * over: in the very microtask in which the library has to notice, right before it or right after it.
 */
export function start(run, call) {
  call.calls += 1;
  const inner = typeof call.place === 'function' ? call.place() : call.place;
  begin(run, call.s, inner);
  if (call.form === 'sync') return startSync(run, call, inner);
  const result = LATER[call.form](run, call, inner);
  call.lease?.hold();
  return result;
}

function begin(run, s, inner) {
  if (inner !== undefined && inner.unit.seen === undefined) {
    inner.unit.seen = run.core.currentUnit();
    run.same(s, 'currentUnit().ended', inner.unit.seen?.ended, false);
  } else run.lookAtUnit(s, inner);
}

function startSync(run, call, inner) {
  try {
    call.value = run.runSync(call.block, inner);
    return call.value;
  } catch (error) {
    call.error = error;
    throw error;
  } finally {
    call.end(true);
  }
}

const LATER = {
  async(run, call, inner) {
    const promise = run.runAsync(call.block, inner);
    promise.then(
      (value) => {
        call.value = value;
        call.end(false);
      },
      (error) => {
        call.error = error;
        call.end(false);
      },
    );
    return promise;
  },

  thenable: (run, call, inner) => ({
    then(resolve, reject) {
      run.glance(call.s, inner);
      run.runAsync(call.block, inner).then(
        (value) => {
          call.value = value;
          resolve(value);
          queueMicrotask(() => call.end(false));
        },
        (error) => {
          call.error = error;
          reject(error);
          queueMicrotask(() => call.end(false));
        },
      );
    },
  }),

  generator(run, call, inner) {
    call.generator = new Running(false, false, inner, call);
    return generate(run, call.block, call.generator);
  },

  asyncGenerator(run, call, inner) {
    call.generator = new Running(true, false, inner, call);
    return watched(generateAsync(run, call.block, call.generator), call);
  },

  async promisedGenerator(run, call, inner) {
    call.generator = new Running(true, false, inner, call);
    await undefined;
    run.glance(call.s, inner);
    return watched(generateAsync(run, call.block, call.generator), call);
  },
};

/** Lets `enter` call the library, and compares what the caller gets with what the bodies have given. */
export function perform(run, s, calls, enter) {
  let result;
  run.depth += 1;
  try {
    result = enter();
  } catch (error) {
    run.same(s, 'the error', error, calls[0].error);
    run.expectThrown(s, error);
    if (s.rethrow) throw error;
    return undefined;
  } finally {
    run.depth -= 1;
  }
  if (!types.isPromise(result)) return received(run, s, result, calls[0]);
  const promise = result.then(
    (value) => {
      if (calls.length === 1) return received(run, s, value, calls[0]);
      return Promise.all(calls.map((call, i) => received(run, s, value[i], call)));
    },
    (error) => {
      if (!calls.some((call) => call.error === error)) run.differ(s, 'the error', error, calls[0].error);
      run.expectThrown(s, error);
      if (s.rethrow) throw error;
    },
  );
  return run.joined(s.join, promise);
}

function received(run, s, value, call) {
  run.same(s, 'calls of the function', call.calls, 1);
  if (call.generator === undefined) {
    run.same(s, 'the error', undefined, call.error);
    run.same(s, 'the result', value, call.value);
    return undefined;
  }
  call.generator.theirs = value;
  run.generators.push(call.generator);
  // As `for await` around the call would; what is not consumed at once may be later, elsewhere.
  return s.join === 'await' ? drainAll(run, s, undefined, call.generator) : undefined;
}
