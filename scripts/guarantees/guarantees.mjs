// What is guaranteed, one sentence each, and what shows it: proofs by their names (proofs.mjs), tests by their paths.

export const guarantees = [
  {
    title: 'Units of work',
    all: [
      {
        says: 'Code of one request, message, job, tick, invocation or task never reads a value of another one, however they overlap, fail or are aborted.',
        proofs: ['soak', 'model', 'lambda', 'jobs', 'workers'],
      },
      {
        says: 'A unit of work begins empty, or with what a carrier brought; never with what was current where a server was started or a socket opened.',
        proofs: ['lambda', 'elevation'],
        tests: ['test/core/meaning-01-unit-of-work.spec.ts'],
      },
      {
        says: 'It ends exactly once, and `onEnd` runs exactly once, after the listeners of users and before its instances are disposed of.',
        proofs: ['soak', 'throws'],
        tests: ['test/core/meaning-02-end-of-unit.spec.ts'],
      },
      {
        says: 'From its end on, its request, its response and its scoped instances are unreachable through this library, whatever still holds the context; reading them is `ERR_SCOPE_ENDED`.',
        proofs: ['leak'],
        tests: ['test/container/retention.spec.ts'],
      },
    ],
  },
  {
    title: 'Values',
    all: [
      {
        says: "`get`, `set`, `reset`, `copy` and `run` do what Python's contextvars do, but for the departures that are listed, each of which is asserted.",
        proofs: ['oracle', 'model'],
        tests: ['test/core/cpython-context.spec.ts', 'test/conformance/async-context.spec.ts'],
      },
      {
        says: '`run` changes nothing that the caller or a sibling sees.',
        proofs: ['elevation', 'model'],
      },
      {
        says: 'What a branch of `gather`, a task or a preserved call sets is seen neither by its siblings nor by its caller.',
        proofs: ['model', 'oracle'],
      },
      {
        says: 'A token is good once, for its variable, in the place where it was made; each misuse has a code of its own and changes nothing.',
        proofs: ['model', 'oracle'],
        tests: ['test/core/meaning-10-tokens.spec.ts'],
      },
    ],
  },
  {
    title: 'Temporary values and privileges',
    all: [
      {
        says: 'A temporary value is seen by the call that it was given to, and by nobody beside it: no sibling, no overlapping call, no listener of somebody else.',
        proofs: ['elevation', 'model'],
      },
      {
        says: 'It ends in the microtask in which its call settles, by whatever way: return, throw, resolve, reject, a lazy result that was consumed or left, the end of the unit of work.',
        proofs: ['elevation', 'model'],
        tests: ['test/core/temporary-values.spec.ts', 'test/core/temporary-lazy-results.spec.ts'],
      },
      {
        says: 'A temporary value of a `ScopedValue` is never captured. Work that was captured under one, or outlives it, gets `ERR_SCOPE_ENDED`, with a fallback too, and never another level, lower or higher.',
        proofs: ['elevation'],
        tests: ['test/core/temporary-captures.spec.ts'],
      },
      {
        says: 'A `ScopedValue` never leaves the process.',
        proofs: ['elevation', 'jobs'],
        tests: ['test/core/carrier.spec.ts'],
      },
      {
        says: 'A scoped instance is made and disposed of at the base of its unit, never under the privilege of who used it first.',
        proofs: ['elevation', 'model'],
      },
    ],
  },
  {
    title: 'Failure and growth',
    all: [
      {
        says: 'An error, wherever code of an application throws it, changes no context: what was read before is read after, the request is answered, and the error arrives where it belongs, once.',
        proofs: ['throws', 'soak'],
      },
      {
        says: 'Nothing grows: neither memory with requests, nor reading time with a poller that reschedules itself inside its own scope.',
        proofs: ['soak', 'leak'],
        tests: ['test/core/nothing-grows.spec.ts'],
      },
    ],
  },
  {
    title: 'Crossing a border',
    all: [
      {
        says: 'Of variables, only those with a codec leave the process; beside them go the request id, the correlation id and, with OpenTelemetry, the trace.',
        proofs: ['elevation', 'jobs', 'workers'],
        tests: ['test/core/carrier.spec.ts'],
      },
      {
        says: 'A carrier or a `baggage` header is taken whole or refused whole, of 100 refusals 99 within a millisecond; an error has nothing of its content.',
        proofs: ['carriers', 'headers'],
        tests: ['test/core/carrier-refused.spec.ts', 'test/core/carrier-signature.spec.ts'],
      },
      {
        says: 'A job or a call in a thread sees the variables of its own message, though servers and threads die.',
        proofs: ['jobs', 'workers'],
      },
      {
        says: 'The value of a `secret` variable comes out at none of the ends: logs, errors, `inspect`, JSON, diagnostics, carriers (but encrypted), traces.',
        tests: ['test/canary/canary.spec.ts', 'test/core/secret.spec.ts'],
      },
      {
        says: 'No value can forge a line of the log, or make one that throws: control characters are escapes, and each field is bounded.',
        tests: ['test/core/log-hostile.spec.ts'],
      },
    ],
  },
  {
    title: 'The proofs themselves',
    all: [
      {
        says: 'They can fail: broken variants of the library are found, by the model and by the matrix.',
        proofs: ['seeded', 'mutation'],
        tests: ['test/elevation/elevation.spec.ts'],
      },
      {
        says: 'What [propagation.md](propagation.md) says of Node is what Node does, and each remedy there helps.',
        proofs: ['propagation'],
      },
    ],
  },
];

export const notPromised = [
  'A value that somebody has read under a temporary scope, and a client, a query or a closure made with it, are theirs. They cannot be taken back.',
  'What is cached is shared: a promise, a row, a loader that one unit has filled serves the next one, whatever its context.',
  'A `ContextVar` that is captured keeps what it saw, also of a temporary scope: that is right for data. A privilege belongs into a `ScopedValue`.',
  '`set` is for the whole unit of work. Branches of a plain `Promise.all` share it, and a token that is held over an `await` shows its value to all of them.',
  'Objects are not copied: who changes an object that a variable holds changes it for everybody who can read it. The log context alone copies.',
  "Code that keeps a reference to the request, the response or an instance keeps it. Unreachable means: not through this library's objects.",
  'Where Node or another library loses the context (native addons without async resources, pooled callbacks, emitters), it is lost, or is the one of whoever calls; [propagation.md](propagation.md) lists the places and the remedies.',
  'What is left running may go on after its unit of work has ended, with its plain variables. Nothing is killed.',
  'A unit whose call never settles never ends, unless its integration has a limit; nor does one that stands for a context which nestjs-cls itself has opened.',
  'An Observable ends behind the `complete` of its subscriber and its own teardown, in the same microtask: code that was left running and is called from there still reads the temporary value.',
  'A signature says that a holder of the key has written a carrier. It does not keep others from reading it, or from sending it again before it expires; without one, a carrier is what its sender wants it to be.',
  'Nothing here is a sandbox. Code in the process can read what it can reach, by a debugger, a heap dump or `node:async_hooks` too: `secret` keeps a value out of texts, not out of memory.',
  'A figure is that of one run on one machine. The commands are there to be run on yours.',
];
