const BUNDLED = 'node:internal/deps/undici/undici';
const CHANNEL = 'node:diagnostics_channel';
const TASK_QUEUES = 'node:internal/process/task_queues';
const REQUEST_FILE = /lib[\\/]core[\\/]request\.js$/;
const PACKAGE = /[\\/]undici[\\/](?:lib[\\/]|index)/;
/** How far a call is looked back, at first and at most: undici's own part of the stack is 12 to 25 frames. */
const DEPTHS = [32, 100];

/**
 * Whether the request that undici is making now was asked for by the application, and not by undici itself: out of the
 * queue of a pool whose connections were all in use, to retry, or to follow a redirect in an interceptor. Those are made
 * in a callback of some connection, so in the context of whoever opened that connection, or reads from it. undici has no
 * event for the moment in which it was asked, and in a request nothing that says so; the stack does: what Node calls is
 * then undici, and not the application.
 *
 * @param listener What the diagnostics channel calls: the stack is read from there on.
 */
export function askedByApplication(listener: (...args: never[]) => unknown): boolean {
  for (const depth of DEPTHS) {
    const asked = askedInStack(callSites(listener, depth), depth);
    if (asked !== undefined) return asked;
  }
  return false;
}

/** Undefined where the stack goes on beyond what of it is there. */
function askedInStack(sites: readonly NodeJS.CallSite[], depth: number): boolean | undefined {
  const isUndici = undiciFiles(sites);
  let inside: 'undici' | 'application' = 'undici';
  for (const site of sites) {
    const file = fileOf(site);
    // A promise goes on in the context in which it was awaited.
    if (site.isAsync() || file === TASK_QUEUES || file.startsWith('node:internal/bootstrap/')) return true;
    // The parser of responses.
    if (file.startsWith('wasm:')) return false;
    if (isUndici(file)) inside = 'undici';
    else if (file === 'node:async_hooks') {
      // A callback of the application that is called in the context in which it was given.
      if (inside === 'application' && site.getFunctionName() === 'runInAsyncScope') return true;
    } else if (file.startsWith('node:')) {
      // An event, a timer, a stream.
      if (file !== CHANNEL) return inside === 'application';
    } else if (file !== '') inside = 'application';
  }
  if (sites.length === depth) return undefined;
  // A promise may also go on without any frame of Node's, and then this is all of the stack.
  return sites.length > 0;
}

/** In a bundle undici and the application are one file, which then counts as undici's: rather nothing than a wrong context. */
function undiciFiles(sites: readonly NodeJS.CallSite[]): (file: string) => boolean {
  const made = sites.find((site) => !['', CHANNEL].includes(fileOf(site)));
  const maker = made === undefined ? BUNDLED : fileOf(made);
  const root = REQUEST_FILE.test(maker) ? maker.replace(REQUEST_FILE, '') : undefined;
  return (file) =>
    file === maker || file === BUNDLED || PACKAGE.test(file) || (root !== undefined && file.startsWith(root));
}

function fileOf(site: NodeJS.CallSite): string {
  return site.getFileName() ?? '';
}

/** The frames of the stack as they are: no source map is applied, which would cost a hundred times as much. */
function callSites(listener: (...args: never[]) => unknown, depth: number): readonly NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = depth;
    Error.prepareStackTrace = (_, sites) => sites;
    const holder: { readonly stack?: unknown } = {};
    Error.captureStackTrace(holder, listener);
    return Array.isArray(holder.stack) ? (holder.stack as NodeJS.CallSite[]) : [];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
