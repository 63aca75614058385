// The claim guarded here: with three variables set, runInWorker takes at most 2.5 times as long as `pool.run` of the same payload, one call
// after the other, to a function that does nothing. Beside it: without variables, and with a unit of work for each call, whose signal is made
// for the call and aborts at its end.

import { measureCalls } from '../harness/calls.mjs';

const POOL = 'pool.run';
const CALL = 'worker call';
const THREE = 'runInWorker, three variables';
const WORKER = `${import.meta.dirname}/worker-call.worker.mjs`;

/** Runs `body` in a unit of work with three variables, with what calls the pool of one thread. */
async function inUnit(body) {
  const [{ Piscina }, core, { runInWorker }] = await Promise.all([
    import('piscina'),
    import('nestjs-contextvars/core'),
    import('nestjs-contextvars/worker'),
  ]);
  const { ContextVar, codecs, Context, runUnitOfWork } = core;
  const variables = ['tenant', 'user', 'locale'].map(
    (name) => new ContextVar(name, { codec: codecs.string }),
  );
  const pool = new Piscina({ filename: WORKER, minThreads: 1, maxThreads: 1 });
  const payload = { n: 1, name: 'ann' };
  const setAll = () => {
    for (const variable of variables) variable.set(`the value of ${variable.name}`);
  };
  const calls = {
    plain: async () => await pool.run(payload, { name: 'plain' }),
    wrapped: async () => await runInWorker(pool, payload, { name: 'wrapped' }),
    empty: (call) => new Context().run(call),
    own: async (call) =>
      await runUnitOfWork({ kind: 'bench' }, () => {
        setAll();
        return call();
      }),
  };
  return runUnitOfWork({ kind: 'bench' }, () => {
    setAll();
    return body(calls);
  });
}

export const operations = {
  [CALL]: {
    [POOL]: (measure) => inUnit(({ plain }) => measure(plain)),
    'runInWorker, no variables': (measure) =>
      inUnit(({ empty, wrapped }) => measure(async () => await empty(wrapped))),
    [THREE]: (measure) => inUnit(({ wrapped }) => measure(wrapped)),
    'runInWorker, a unit of work for each call': (measure) =>
      inUnit(({ own, wrapped }) => measure(async () => await own(wrapped))),
  },
};

export const benchmark = {
  title: 'A call of a worker thread',
  reference: POOL,
  rounds: 2,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds, onOneCore: false }),
  claims: (of) => [of.times(CALL, THREE, POOL, 2.5)],
};
