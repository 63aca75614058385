import { EventEmitter } from 'node:events';
import { bindContext, bindEmitter } from 'nestjs-contextvars/core';
import { later, see, within } from '../support.mjs';

function emitted(emitter) {
  let seen;
  within('A', () => emitter.on('news', () => (seen = see())));
  within('B', () => emitter.emit('news'));
  return seen;
}

function aborted(signal, abort) {
  let seen;
  within('A', () => signal.addEventListener('abort', () => (seen = see())));
  within('B', abort);
  return seen;
}

function timedOut(bind) {
  const { promise, resolve } = later();
  const signal = within('A', () => bind(AbortSignal.timeout(1)));
  // Such a timer alone keeps no process alive.
  const alive = setTimeout(() => {}, 1000);
  within('B', () => signal.addEventListener('abort', () => resolve(see())));
  return promise.finally(() => clearTimeout(alive));
}

function resourceListener(bind) {
  // A promise library with a queue of its own calls back as an emitter does.
  const callbacks = [];
  const thenable = { then: (callback) => void callbacks.push(callback) };
  const { promise, resolve } = later();
  within('A', () => thenable.then(bind(() => resolve(see()))));
  within('B', () => callbacks.splice(0).forEach((callback) => void callback()));
  return promise;
}

async function awaited() {
  const callbacks = [];
  const thenable = { then: (callback) => void callbacks.push(callback) };
  const seen = within('A', async () => {
    await thenable;
    return see();
  });
  await null;
  within('B', () => callbacks.splice(0).forEach((callback) => void callback()));
  return seen;
}

export const events = [
  {
    no: 1,
    what: '`EventEmitter`: a listener of A, `emit` in B',
    right: 'A',
    plain: () => emitted(new EventEmitter()),
    remedy: '`bindEmitter(emitter)`',
    remedied: () => emitted(bindEmitter(new EventEmitter())),
  },
  {
    no: 2,
    what: '`AbortSignal`, `EventTarget`: a listener of A, `abort` in B',
    right: 'A',
    plain: () => {
      const controller = new AbortController();
      return aborted(controller.signal, () => controller.abort());
    },
    remedy: '`bindEmitter(signal)`',
    remedied: () => {
      const controller = new AbortController();
      return aborted(bindEmitter(controller.signal), () => controller.abort());
    },
  },
  {
    no: 2,
    what: '`AbortSignal.timeout` made in A, a listener of B',
    right: 'B',
    plain: () => timedOut((signal) => signal),
    remedy: '`bindEmitter(signal)`',
    remedied: () => timedOut(bindEmitter),
  },
  {
    no: 25,
    what: 'promises of other libraries (Bluebird): `.then` in A, resolved in B',
    right: 'A',
    plain: () => resourceListener((callback) => callback),
    remedy: '`await` it, or `bindContext(callback)`',
    remedied: async () => {
      const [bound, waited] = [await resourceListener(bindContext), await awaited()];
      return bound === waited ? bound : `${bound}, ${waited}`;
    },
  },
];
