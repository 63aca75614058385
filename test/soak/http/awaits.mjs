// The ways in which a handler waits. In some of them it is the code of another request that makes it go on.

import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { access } from 'node:fs/promises';
import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';

/** Calls back from whatever request made it flush, as a pool of connections does. */
class SharedQueue {
  #waiting = [];

  callback(done) {
    if (this.#waiting.push(done) === 1) setImmediate(() => this.#flush());
  }

  #flush() {
    for (const done of this.#waiting.splice(0)) done();
  }
}

export const queue = new SharedQueue();

async function* numbers() {
  yield 1;
  await null;
  yield 2;
}

export const awaits = [
  () => null,
  () => macrotask(),
  () => wait(1),
  () => new Promise((resolve) => process.nextTick(resolve)),
  () => new Promise((resolve) => queueMicrotask(resolve)),
  () => new Promise((resolve) => randomBytes(8, resolve)),
  () => access('.'),
  () => new Promise((resolve) => queue.callback(resolve)),
  () => ({ then: (resolve) => void setImmediate(resolve) }),
  () => ({ then: (resolve) => queue.callback(resolve) }),
  () => Promise.all([macrotask(), null, Promise.resolve().then(() => null)]),
  () => Promise.race([macrotask(), wait(2)]),
  async () => {
    const emitter = new EventEmitter();
    queue.callback(() => emitter.emit('go on'));
    await once(emitter, 'go on');
  },
  async () => {
    for await (const _ of numbers());
  },
];
