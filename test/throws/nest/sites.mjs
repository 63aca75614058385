// The stages of a request at which user code fails, and what the client gets.

/** With the status of the answer, where it is not 500, and the path, where it is not the handler that does everything. */
const stages = {
  // Before the context is set up.
  'requestId.accept': { early: true, ownId: true },
  'requestId.generate': { early: true, ownId: true, sendsNoId: true },
  'correlationId.accept': { early: true },
  setup: {},
  'setup, later': {},
  'a hook of the framework': {},
  'a middleware of a module': {},
  'a guard of the root module': {},
  'a guard': {},
  'a guard, later': {},
  'an interceptor, before the handler': {},
  'an interceptor, after the handler': {},
  'a populator of the module': {},
  'a populator of a handler': {},
  'a populator that is a provider': {},
  'a pipe': {},
  'a pipe, later': {},
  'a parameter decorator': {},
  'an asynchronous scoped factory': {},
  'a handler': {},
  'a handler, later': {},
  'a synchronous handler': { path: '/sync' },
  'an Observable of a handler': { path: '/observable' },
  'a scoped factory': {},
  'a constructor': {},
  'a method of a context-scoped instance': {},
  'a temporary scope': {},
  'a branch of gather': {},
  'a task': {},
  'the end of the stack': {},
  'an exception filter': {},
  // Nobody waits for these: the answer has been sent, and the logger is told.
  'a background call': { status: 200, logs: true },
  'a disposer': { status: 200, logs: true },
  'an asynchronous disposer': { status: 200, logs: true },
  onEnd: { status: 200, logs: true },
  'onEnd, later': { status: 200, logs: true },
  'the error reporter': { status: 200, logs: true },
  // Node calls these, and takes their errors to the listeners of the process.
  'a finish listener': { status: 200 },
  'a close listener': { status: 200 },
  'a listener of the signal': { status: 200 },
};

export const sites = Object.entries(stages).map(([name, { status = 500, path = '/all/1', ...site }]) => ({
  name,
  status,
  path,
  ...site,
}));
