// What may hold on to a unit of work after its end, without meaning to or on purpose. `hold` is called inside each unit;
// what it gives is waited for, within the unit. `release` lets go of all.
//
// `keeps` says whether the holder has hold of the context: where true, its values must still be there meanwhile, so that
// the run is about something; where false, nothing at all may be kept; 'perhaps' where that is up to the engine. At most
// `most` units are held at once.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once, setMaxListeners } from 'node:events';
import { connect, createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { ClsServiceManager } from 'nestjs-cls';
import {
  bindContext,
  bindEmitter,
  bindIterable,
  bindObservable,
  copyContext,
  createTask,
  currentUnit,
  gather,
  preserveContext,
  withTempContext,
} from 'nestjs-contextvars';
import { Subject } from 'rxjs';
import { cart, role, tenant, watchedValue } from './application.mjs';

/** What a holder does with its context, if it comes to that. */
const read = () => tenant.get(undefined);

/** Things that are kept in a list until they are let go of, by `free` if that takes more. */
function listed(hold, { keeps = true, free } = {}) {
  return () => {
    const held = [];
    return {
      keeps,
      hold: () => void held.push(hold()),
      release: async () => {
        const all = held.splice(0);
        if (free !== undefined) await Promise.all(all.map(free));
      },
    };
  };
}

/** Work that goes on until its promise is resolved. */
function unsettled(start) {
  return () => {
    const resolves = [];
    const left = [];
    const pending = () => new Promise((resolve) => resolves.push(resolve));
    return {
      keeps: true,
      hold: () => void left.push(start(pending)),
      release: async () => {
        for (const resolve of resolves.splice(0)) resolve();
        await Promise.all(left.splice(0));
      },
    };
  };
}

/** Listeners of an emitter that lasts. */
function listening(prepare, listener, keeps) {
  return () => {
    const emitter = prepare(new EventEmitter().setMaxListeners(0));
    return {
      keeps,
      hold: () => void emitter.on('event', listener()),
      release: () => void emitter.removeAllListeners(),
    };
  };
}

const asItIs = (emitter) => emitter;

async function* rows() {
  yield read();
  yield read();
}

const preserved = preserveContext((pending) => pending());
const background = preserveContext((pending) => pending(), { background: true });

/** Open at once; each is two file descriptors. */
const SOCKETS = 500;

function closed(socket) {
  socket.destroy();
  return once(socket, 'close');
}

const CHANNELS = [
  'unit:start',
  'unit:end',
  'scope:start',
  'scope:end',
  'task:start',
  'task:abort',
  'task:end',
  'instance:start',
  'instance:end',
];

export const holders = {
  'a timer': listed(() => setTimeout(read, 2 ** 30), { free: clearTimeout }),
  'an interval that fires': listed(() => setInterval(read, 500), { free: clearInterval }),
  'a pending promise': unsettled((pending) => pending().then(read)),
  'a pending async function': unsettled(async (pending) => {
    await pending();
    read();
  }),
  'a temporary scope that does not settle': unsettled((pending) =>
    withTempContext(
      [role.as(watchedValue('temporary value')), tenant.as(watchedValue('temporary value'))],
      async () => {
        await pending();
        read();
      },
    ),
  ),
  'a branch of gather that does not settle': unsettled((pending) =>
    gather([
      async () => {
        tenant.set(watchedValue('value of a branch'));
        await pending();
        read();
      },
    ]),
  ),
  'a task': unsettled((pending) => createTask(pending)),
  'a task with the signal of the server': () => {
    const server = new AbortController();
    setMaxListeners(0, server.signal);
    return unsettled((pending) => createTask(pending, { signal: server.signal }))();
  },
  'a preserved call': unsettled((pending) => preserved(pending)),
  'a background call': unsettled((pending) => background(pending)),
  'a listener': listening(asItIs, () => () => read(), false),
  'a bound listener': listening(asItIs, () => bindContext(read), true),
  'a listener of a bound emitter': listening(bindEmitter, () => read, true),
  'a listener of a stream': listed(() => new PassThrough().on('data', bindContext(read))),
  'a listener of an AbortSignal that lasts': () => {
    let lasting = new AbortController();
    setMaxListeners(0, lasting.signal);
    return {
      keeps: true,
      hold: () => lasting.signal.addEventListener('abort', bindContext(read)),
      release() {
        lasting = undefined;
      },
    };
  },
  'its own AbortSignal': listed(() => currentUnit().signal, { keeps: 'perhaps' }),
  'a socket': async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    const sockets = [];
    return {
      keeps: 'perhaps',
      most: SOCKETS,
      async hold() {
        const socket = connect(port, '127.0.0.1').on('data', read);
        sockets.push(socket);
        await once(socket, 'connect');
      },
      async release() {
        await Promise.all(sockets.splice(0).map(closed));
      },
      stop: () => once(server.close(), 'close'),
    };
  },
  'the idle connection that it came on': () => {
    const closes = [];
    return {
      keeps: 'perhaps',
      most: SOCKETS,
      onItsOwn: true,
      hold() {},
      opened: (close) => void closes.push(close),
      async release() {
        await Promise.all(closes.splice(0).map((close) => close()));
      },
    };
  },
  'a job closure': listed(() => AsyncResource.bind(() => read())),
  'a bound function': listed(() => bindContext(read)),
  'a copied Context': listed(copyContext),
  'the unit itself': listed(currentUnit),
  'a token': listed(() => tenant.set(watchedValue('later value'))),
  'a snapshot of Node': listed(() => AsyncLocalStorage.snapshot()),
  'an AsyncResource': listed(() => new AsyncResource('LEAK')),
  'an async generator that was left': listed(() => {
    const left = withTempContext([tenant.as(watchedValue('temporary value'))], rows);
    void left.next();
    return left;
  }),
  'a bound iterable': listed(() => bindIterable(rows())),
  'an Observable that goes on': () => {
    let subject = new Subject();
    return {
      keeps: true,
      hold: () => void bindObservable(subject).subscribe(read),
      release() {
        subject = new Subject();
      },
    };
  },
  'a WeakMap': () => {
    const entries = new WeakMap();
    return {
      keeps: false,
      hold({ key }) {
        const unit = currentUnit();
        entries.set(unit, { unit, key, context: copyContext() });
        if (key !== undefined) entries.set(key, { unit, key, context: copyContext() });
      },
      release() {},
    };
  },
  'a diagnostics subscriber': () => {
    const messages = [];
    const note = (message) => messages.push(message);
    for (const name of CHANNELS) subscribe(`nestjs-contextvars:${name}`, note);
    return {
      keeps: true,
      hold: () => withTempContext([tenant.as(watchedValue('temporary value'))], read),
      release() {
        for (const name of CHANNELS) unsubscribe(`nestjs-contextvars:${name}`, note);
        messages.length = 0;
      },
    };
  },
  'a method of its instance': listed(() => cart.touch, { keeps: false }),
  'the store of nestjs-cls': listed(() => ClsServiceManager.getClsService().get()),
};
