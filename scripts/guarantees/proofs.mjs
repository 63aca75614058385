// The scripts that measure something, by the name under which they record it.

export const proofs = {
  model: {
    command: 'npm run test:model -- --steps 10000000',
    what: 'random programs, fifty at a time, against a model that passes its contexts by hand; the endings of scopes under every order of settling',
  },
  oracle: {
    command: 'npm run test:oracle -- --programs 20000',
    what: "random programs on CPython's contextvars and on this library; each departure asserted",
  },
  elevation: {
    command: 'npm run test:elevation',
    what: 'every route to a temporary value by every ending by every kind of variable; [the tables](#the-elevation-matrix)',
  },
  seeded: {
    command: 'npm run test:seeded',
    what: 'broken variants of the library, each of which the model has to find',
  },
  mutation: {
    command: 'npm run test:mutation',
    what: 'mutation testing of the whole of core (Stryker)',
  },
  soak: {
    command: 'npm run soak -- --requests 1000000 --concurrency 200',
    what: 'overlapping keep-alive and pipelined requests on Express and on Fastify, with aborts, limits and errors at every stage',
  },
  leak: {
    command: 'npm run test:leak',
    what: 'units of work of five kinds, and what may hold on to them, looked at with the garbage collector',
  },
  throws: {
    command: 'npm run test:throws',
    what: 'every place where code of an application runs, failing a thousand times',
  },
  carriers: {
    command: 'node test/soak/carriers.mjs',
    what: 'spoiled and good carriers, against a parser of its own',
  },
  headers: {
    command: 'node test/soak/headers.mjs',
    what: 'spoiled and good HTTP headers, against a parser of its own',
  },
  jobs: {
    command: 'node test/soak/jobs.mjs',
    what: 'jobs in four processes, on a Redis that is killed again and again',
  },
  workers: {
    command: 'node test/soak/workers.mjs',
    what: 'calls in worker threads that are killed at random',
  },
  lambda: {
    command: 'node test/soak/lambda.mjs',
    what: 'invocations of one warm process, alone and at once, a tenth of which leave work running',
  },
  propagation: {
    command: 'npm run test:propagation',
    what: 'what Node itself does with a context, row by row, and whether each remedy helps',
  },
};
