// What the call leaves running, without taking anything along explicitly.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { stat } from 'node:fs';
import { PassThrough } from 'node:stream';
import { setImmediate as macrotask } from 'node:timers/promises';
import { gzip } from 'node:zlib';
import { interval as everySo } from 'rxjs';

/** Has `schedule` call back again and again. */
function again({ over, visit }, schedule) {
  schedule(() => {
    visit();
    if (!over()) again({ over, visit }, schedule);
  });
}

/** One after the other, with a turn of the event loop now and then. */
function burst({ over, visit }, left) {
  queueMicrotask(() => {
    visit();
    if (left > 0) burst({ over, visit }, left - 1);
    else if (!over()) setImmediate(burst, { over, visit }, 20);
  });
}

async function* ticks({ over, visit }) {
  for (let i = 0; !over(); i++) {
    await macrotask();
    visit();
    yield i;
  }
}

export const left = [
  {
    name: 'a promise that nobody awaits',
    group: 'left',
    async begin({ over, visit }) {
      const detached = async () => {
        while (!over()) {
          visit();
          await macrotask();
        }
      };
      void detached();
    },
  },
  { name: 'a callback of then', begin: (tools) => again(tools, (fn) => void macrotask().then(fn)) },
  { name: 'setTimeout', begin: (tools) => again(tools, (fn) => void setTimeout(fn, 1)) },
  {
    name: 'setInterval',
    begin({ over, visit }) {
      const interval = setInterval(() => (over() ? clearInterval(interval) : visit()), 1);
    },
  },
  { name: 'setImmediate', begin: (tools) => again(tools, (fn) => void setImmediate(fn)) },
  {
    name: 'process.nextTick',
    begin: (tools) => again(tools, (fn) => setImmediate(() => process.nextTick(fn))),
  },
  { name: 'queueMicrotask', begin: (tools) => burst(tools, 20) },
  { name: 'a callback of fs', begin: (tools) => again(tools, (fn) => stat('.', fn)) },
  { name: 'a callback of crypto', begin: (tools) => again(tools, (fn) => randomBytes(8, fn)) },
  { name: 'a callback of zlib', begin: (tools) => again(tools, (fn) => gzip('x', fn)) },
  {
    name: 'an emitter that it feeds itself',
    begin({ over, visit }) {
      const emitter = new EventEmitter().on('event', () => visit());
      const interval = setInterval(() => (over() ? clearInterval(interval) : emitter.emit('event')), 1);
    },
  },
  {
    name: 'a generator that it reads itself',
    begin(tools) {
      const detached = async () => {
        for await (const _ of ticks(tools));
      };
      void detached();
    },
  },
  {
    name: "a stream's data that it writes itself",
    begin({ over, visit }) {
      const stream = new PassThrough().on('data', () => visit());
      const interval = setInterval(() => (over() ? clearInterval(interval) : stream.write('x')), 1);
    },
  },
  {
    name: 'an Observable that it subscribes to',
    begin({ over, visit }) {
      const subscription = everySo(1).subscribe(() => (over() ? subscription.unsubscribe() : visit()));
    },
  },
  {
    name: 'a MessagePort made inside',
    begin({ over, visit }) {
      const { port1, port2 } = new MessageChannel();
      port2.on('message', () => visit());
      const interval = setInterval(() => {
        port1.postMessage(0);
        if (!over()) return;
        clearInterval(interval);
        port1.close();
      }, 1);
    },
  },
  {
    name: 'the loser of a Promise.race',
    begin({ over, visit }) {
      const loser = async () => {
        while (!over()) {
          await macrotask();
          visit();
        }
      };
      void Promise.race([Promise.resolve(), loser()]);
    },
  },
  {
    name: 'an AsyncResource made inside',
    calls: 'anywhere',
    begin() {
      const resource = new AsyncResource('elevation');
      return (fn) => resource.runInAsyncScope(fn);
    },
  },
  { name: "Node's AsyncLocalStorage.snapshot", calls: 'anywhere', begin: () => AsyncLocalStorage.snapshot() },
  {
    name: "Node's AsyncResource.bind",
    calls: 'anywhere',
    begin: () => AsyncResource.bind((fn) => fn()),
  },
  {
    name: 'a branch of gather',
    begin({ core, over, visit }) {
      const branch = async () => {
        while (!over()) {
          visit();
          await macrotask();
        }
      };
      void core.gather([branch, branch]);
    },
  },
  {
    name: 'a branch of gather in a branch',
    begin({ core, over, visit }) {
      const branch = async () => {
        while (!over()) {
          visit();
          await macrotask();
        }
      };
      void core.gather([() => core.gather([branch])]);
    },
  },
].map((route) => ({ group: 'left', ...route }));
