// One combination: a unit of work in which a call with a temporary value is made, ended as the ending says, and watched
// along one route.

import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as macrotask } from 'node:timers/promises';
import { Watch } from './watch.mjs';

/**
 * A read that has not come after so many turns of the event loop, and so many milliseconds, is missing. A turn may be over
 * in microseconds, when what reads waits for a garbage collection or another thread.
 */
const TURNS = 2000;
const PATIENCE = 5000;

/** Gives the reads, by moment, as a Map of word and count. */
export async function attempt({ core, route, ending, kind, delay, tools }) {
  const watch = new Watch(kind.see, delay);
  const { promise: later, resolve: settleLater } = withResolvers();
  const own = {
    ...tools,
    core,
    watch,
    kind,
    visit: watch.visit,
    read: watch.read,
    over: () => watch.stopped,
  };
  const call = { outside: ignore };
  const begin = () => {
    const made = route.begin?.(own);
    if (route.calls === undefined) return made;
    if (route.calls !== 'inside') call.outside = () => made(watch.read);
    if (route.calls !== 'outside') made(watch.read);
    return undefined;
  };

  let main;
  // To go on as the code that made the call, where the unit of work has ended.
  let inUnit;
  const unit = core.runUnitOfWork({ kind: 'request' }, () => {
    main = work();
    return main;
  });
  if (ending.endsUnit) void main.then(() => inUnit(watch.end));
  await unit;
  if (ending.endsUnit) await inUnit(afterwards);
  settleLater();
  // What reads when the call settles after all, its unit being over for long.
  if (ending.endsUnit) await inUnit(readLater);
  watch.stopped = true;
  return watch.reads;

  async function work() {
    inUnit = AsyncLocalStorage.snapshot();
    kind.base('clerk');
    route.prepare?.(own);
    const enter = (fn) => kind.enter('admin', fn);
    if (ending.isSync) watch.arm(call.outside);
    const open = ending.open({ enter, begin, watch, later });
    if (!ending.isSync) {
      await readWhileOpen();
      await open;
    }
    // In the context of whoever made the call.
    if (!ending.endsUnit) await afterwards();
  }

  async function readWhileOpen() {
    for (let turn = 0; turn < 2; turn++) {
      await macrotask();
      call.outside();
    }
    await untilRead('during');
    // The calls are made by this function: what it calls at the end is outside.
    watch.arm(() => {
      call.outside();
      for (const wait of [1, 2, 3]) inMicrotasks(wait, call.outside);
    });
    if (route.calls !== undefined || route.group === 'inside' || route.isSlow) watch.settleAlone();
  }

  async function afterwards() {
    if (ending.isSync) call.outside();
    while (watch.moment !== 'after') await macrotask();
    await readLater();
    if (route.group === 'inside' || route.calls === 'inside') return;
    await untilRead('after');
  }

  async function untilRead(moment) {
    const since = performance.now();
    for (let turn = 0; turn < TURNS || performance.now() - since < PATIENCE; turn++) {
      if (watch.has(moment)) return;
      await macrotask();
    }
  }

  async function readLater() {
    await macrotask();
    call.outside();
  }
}

/** The moments in which a combination has to have read something. */
export function momentsOf(route, ending) {
  if (route.group === 'inside' || route.calls === 'inside') return ['during'];
  if (route.calls === 'outside') return ending.isSync ? ['at', 'after'] : ['during', 'at', 'after'];
  if (route.calls === 'anywhere') return ['during', 'at', 'after'];
  if (route.isSlow || ending.isSync) return ending.isSync ? ['after'] : ['during', 'after'];
  return ['during', 'at', 'after'];
}

function inMicrotasks(left, fn) {
  queueMicrotask(() => (left > 1 ? inMicrotasks(left - 1, fn) : fn()));
}

function ignore() {}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
