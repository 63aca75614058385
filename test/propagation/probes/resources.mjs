// What belongs to the context in which a resource was made: timers, threads, processes, sockets of the system.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { channel } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, Worker } from 'node:worker_threads';
import { bindContext, bindEmitter, runUnitOfWork } from 'nestjs-contextvars/core';
import { later, see, within } from '../support.mjs';

const unbound = (it) => it;

async function ticking(begin) {
  const { promise, resolve } = later();
  let timer;
  within('A', () => {
    timer = begin(() => setInterval(() => resolve(see()), 1));
  });
  return promise.finally(() => clearInterval(timer));
}

function refreshed(again) {
  const { promise, resolve } = later();
  const timer = within('A', () => setTimeout(() => resolve(see()), 5));
  within('B', () => again(timer, () => resolve(see())));
  return promise;
}

function threadExit(bind) {
  const { promise, resolve } = later();
  const worker = within('A', () => bind(new Worker('', { eval: true })));
  within('B', () => worker.on('exit', () => resolve(see())));
  return promise;
}

async function portMessage(bind) {
  const { promise, resolve } = later();
  const { port1, port2 } = within('A', () => new MessageChannel());
  within('B', () => bind(port1).on('message', () => resolve(see())));
  within('C', () => port2.postMessage('hello'));
  return promise.finally(() => port1.close());
}

async function broadcast(bind) {
  const { promise, resolve } = later();
  const name = `probe-${Math.random()}`;
  const [receiver, sender] = within('A', () => [
    bind(new BroadcastChannel(name)),
    new BroadcastChannel(name),
  ]);
  within('B', () => {
    receiver.onmessage = () => resolve(see());
  });
  within('C', () => sender.postMessage('hello'));
  return promise.finally(() => {
    receiver.close();
    sender.close();
  });
}

function childExit(bind) {
  const { promise, resolve } = later();
  const child = within('A', () => bind(spawn(process.execPath, ['--version'], { stdio: 'ignore' })));
  within('B', () => child.on('exit', () => resolve(see())));
  return promise;
}

async function datagram(bind) {
  const { promise, resolve } = later();
  const socket = within('A', () => bind(createSocket('udp4')));
  await new Promise((bound) => socket.bind(0, '127.0.0.1', bound));
  within('B', () => {
    socket.on('message', () => resolve(see()));
    socket.send('hello', socket.address().port, '127.0.0.1');
  });
  return promise.finally(() => socket.close());
}

async function signalled(bind) {
  const { promise, resolve } = later();
  // The first listener makes what the others are called by.
  const first = () => {};
  within('A', () => process.on('SIGUSR2', first));
  const second = within('B', () => bind(() => resolve(see())));
  within('B', () => process.on('SIGUSR2', second));
  process.kill(process.pid, 'SIGUSR2');
  return promise.finally(() => {
    process.off('SIGUSR2', first);
    process.off('SIGUSR2', second);
  });
}

async function finalized(register) {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  let seen;
  const registry = within('A', () => register((value) => (seen = value)));
  within('A', () => registry.note({}));
  for (let tries = 0; seen === undefined && tries < 50; tries++) {
    await setImmediate();
    gc();
  }
  return seen ?? 'not collected';
}

function published() {
  let seen;
  const news = channel(`probe-${Math.random()}`);
  const subscriber = () => (seen = see());
  within('A', () => news.subscribe(subscriber));
  within('B', () => news.publish({}));
  news.unsubscribe(subscriber);
  return seen;
}

export const resources = [
  {
    no: 33,
    what: "a `Worker` started in A, `on('exit')` in B",
    right: 'B',
    plain: () => threadExit(unbound),
    remedy: '`bindEmitter(worker)`',
    remedied: () => threadExit(bindEmitter),
  },
  {
    no: 33,
    what: "a `MessagePort` made in A, `on('message')` in B, posted in C",
    right: 'B',
    plain: () => portMessage(unbound),
    remedy: '`bindEmitter(port)`',
    remedied: () => portMessage(bindEmitter),
  },
  {
    no: 33,
    what: 'a `BroadcastChannel` made in A, `onmessage` in B, posted in C',
    right: 'B',
    plain: () => broadcast(unbound),
    remedy: '`bindEmitter(channel)`',
    remedied: () => broadcast(bindEmitter),
  },
  {
    no: 34,
    what: 'an interval for all that the first, A, has started',
    right: 'none',
    plain: () => ticking((begin) => begin()),
    remedy: '`runUnitOfWork` around what starts it',
    remedied: () => ticking((begin) => runUnitOfWork({ kind: 'ticker' }, begin)),
  },
  {
    no: 34,
    what: 'a timer of A that B restarts with `refresh`',
    right: 'B',
    plain: () => refreshed((timer) => timer.refresh()),
    remedy: 'a new timer',
    remedied: () =>
      refreshed((timer, callback) => {
        clearTimeout(timer);
        setTimeout(callback, 5);
      }),
  },
  {
    no: 37,
    what: '`FinalizationRegistry`: the clean-up of an object of A',
    right: 'A',
    plain: () =>
      finalized((tell) => {
        const registry = new FinalizationRegistry(() => tell(see()));
        return { note: (object) => registry.register(object) };
      }),
    remedy: 'no clean-up that reads the context, or `bindContext` what is held for it',
    remedied: () =>
      finalized((tell) => {
        const registry = new FinalizationRegistry((cleanUp) => cleanUp());
        return {
          note: (object) =>
            registry.register(
              object,
              bindContext(() => tell(see())),
            ),
        };
      }),
  },
  {
    no: 38,
    what: "a child process started in A, `on('exit')` in B",
    right: 'B',
    plain: () => childExit(unbound),
    remedy: '`bindEmitter(child)`',
    remedied: () => childExit(bindEmitter),
  },
  {
    no: 38,
    what: "a UDP socket made in A, `on('message')` in B",
    right: 'B',
    plain: () => datagram(unbound),
    remedy: '`bindEmitter(socket)`',
    remedied: () => datagram(bindEmitter),
  },
  {
    no: 38,
    what: 'a signal of the system: the second listener, of B',
    right: 'B',
    plain: () => signalled(unbound),
    remedy: '`bindContext(listener)`; better at the start of the process',
    remedied: () => signalled(bindContext),
  },
  {
    no: 39,
    what: '`diagnostics_channel`: a subscriber of A, published in B, whom it is about',
    right: 'B',
    plain: published,
  },
];
