// Many programs at once: whenever one is over, the next one begins, so that there are always as many interleaved.

import { generate } from './generate.mjs';
import { interpret } from './interpret.mjs';
import { seedOf } from './random.mjs';
import { environmentOf } from './variables.mjs';

/** How far apart the values of two programs are. */
const BASE = 64;

/** What is reported of a program that waits for something that does not happen. */
const NEVER = { what: 'the program', got: 'waits for ever', expected: 'an end' };

/** The programs of a seed are numbered from 0. */
export function programOf(seed, number) {
  return generate(seedOf(seed, number));
}

/**
 * Runs the programs `first`, `first + by`, ... of a seed, `roots` at a time, until there were `enough` statements or one
 * has failed. Gives `{ steps, programs, failed, failure, found }`: `failed` is the number of the program, `found` how many
 * statements there had been by then.
 */
export async function runMany(core, { seed, enough, roots = 50, first = 0, by = 1, progress }) {
  const environment = environmentOf(core);
  const running = new Map();
  const done = { steps: 0, programs: 0, failed: undefined, failure: undefined, found: undefined };
  const soFar = () => [...running.values()].reduce((sum, { steps }) => sum + steps, done.steps);
  const fail = (number, failure) => {
    if (done.failed === undefined) Object.assign(done, { failed: number, failure, found: soFar() });
  };
  let next = first;
  const root = async () => {
    while (done.steps < enough && done.failed === undefined) {
      const number = next;
      next += by;
      const execution = interpret(environment, programOf(seed, number), { base: number * BASE });
      running.set(number, execution);
      const failure = await execution.over;
      running.delete(number);
      done.steps += execution.steps;
      done.programs += 1;
      if (failure !== undefined) fail(number, failure);
      if (done.programs % 500 === 0) progress?.(done.steps);
    }
  };
  const all = Promise.all(Array.from({ length: roots }, root));
  if (!(await settles(all, soFar))) fail([...running.keys()][0], NEVER);
  return done;
}

/** False when the event loop goes round and round, and nothing happens in any program. */
function settles(promise, soFar) {
  return new Promise((resolve, reject) => {
    let last = -1;
    let times = 0;
    const timer = setInterval(() => {
      const steps = soFar();
      times = steps === last ? times + 1 : 0;
      last = steps;
      if (times < 10) return;
      clearInterval(timer);
      resolve(false);
    }, 100);
    promise.then(() => resolve(true), reject);
    const stop = () => clearInterval(timer);
    promise.then(stop, stop);
  });
}

/** The failure of one program, if it fails, and of those that run beside it. */
export async function runOne(core, program, beside = []) {
  const environment = environmentOf(core);
  return orNever(
    [program, ...beside].map((one, i) => interpret(environment, one, { base: i * BASE, thorough: i === 0 })),
  );
}

/** The failure of the first of them. */
export async function orNever(executions) {
  const [{ over }] = executions;
  const soFar = () => executions.reduce((sum, { steps }) => sum + steps, 0);
  return (await settles(over, soFar)) ? over : NEVER;
}
