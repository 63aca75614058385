// Generators of the programs, whoever consumes them.

import * as model from './model.mjs';
import { pick } from './variables.mjs';

/** A generator. One that is free runs where it is asked for more, the others at their place. */
export class Running {
  theirs = undefined;
  busy = false;
  over = false;
  /** What the body did last: the number of its statement, or 'done'. */
  at = undefined;

  constructor(isAsync, isFree, place, call) {
    this.isAsync = isAsync;
    this.isFree = isFree;
    this.place = place;
    /** The call whose result it is, if it is one. */
    this.call = call;
  }
}

export function* generate(run, block, running) {
  for (let i = 0; i < block.length; i++) {
    run.stepSync(block[i], running.place);
    running.at = i;
    yield i;
  }
  running.at = 'done';
}

export async function* generateAsync(run, block, running) {
  for (let i = 0; i < block.length; i++) {
    const s = block[i];
    const waits = run.step(s, running.place);
    if (waits !== undefined) {
      await waits;
      run.glance(s, running.place);
    }
    for (let n = s.times; n > 0; n--) run.runSync(s.block, running.place);
    running.at = i;
    yield i;
  }
  running.at = 'done';
}

/** An async generator that says when it is over as soon as the library can know. */
export function watched(generator, call) {
  const step = (result) => {
    result.then(
      ({ done }) => {
        if (done) call.end(false);
      },
      () => call.end(false),
    );
    return result;
  };
  return {
    next: (value) => step(generator.next(value)),
    return: (value) => step(generator.return(value)),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

// --- statements

export function gen(run, s) {
  make(run, s, true, undefined, (generator) => generator);
}

export function bindIt(run, s, place) {
  make(run, s, false, model.bound(place)(), run.core.bindIterable);
}

function make(run, s, isFree, place, bind) {
  const running = new Running(s.form === 'asyncGenerator', isFree, place, undefined);
  running.theirs = bind((running.isAsync ? generateAsync : generate)(run, s.block, running));
  run.generators.push(running);
}

export function next(run, s, place) {
  return advance(run, s, place, 'next', pick(run.generators, s.g), s.join);
}

export function close(run, s, place) {
  return advance(run, s, place, 'return', pick(run.generators, s.g), s.join);
}

export function drain(run, s, place) {
  const running = pick(run.generators, s.g);
  return running && drainAll(run, s, place, running);
}

/** To its end, or to where somebody else asks for more. */
export function drainAll(run, s, place, running) {
  if (running.isAsync) return run.joined(s.join, drainAsync(run, s, place, running));
  while (!running.over && !running.busy) advance(run, s, place, 'next', running);
  return undefined;
}

async function drainAsync(run, s, place, running) {
  while (!running.over && !running.busy) await advance(run, s, place, 'next', running, 'await');
}

function advance(run, s, place, step, running, join) {
  if (running === undefined || running.busy || running.over) return undefined;
  if (running.isFree) running.place = place;
  running.busy = true;
  let result;
  try {
    result = running.theirs[step]();
  } catch (error) {
    stepped(run, s, running, step, undefined, error);
    return undefined;
  }
  if (!running.isAsync) {
    stepped(run, s, running, step, result);
    return undefined;
  }
  const promise = result.then(
    (settled) => stepped(run, s, running, step, settled),
    (error) => stepped(run, s, running, step, undefined, error),
  );
  return run.joined(join, promise);
}

function stepped(run, s, running, step, result, error) {
  running.busy = false;
  running.over = result === undefined || result.done === true;
  if (running.over && !running.isAsync) running.call?.end(true);
  if (error !== undefined) run.expectThrown(s, error);
  else if (step === 'return') run.same(s, 'done', result.done, true);
  else run.same(s, 'what it gives', result.done ? 'done' : result.value, running.at);
}
