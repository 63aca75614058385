// What runs at the same time, or is called by somebody else: never sees anything of the call.

import { EventEmitter } from 'node:events';
import { Transform } from 'node:stream';
import { setImmediate as macrotask } from 'node:timers/promises';
import { Observable } from 'rxjs';

/** Goes on until the combination is over. */
async function again({ over, visit }) {
  while (!over()) {
    visit();
    await null;
    visit();
    await macrotask();
  }
}

export const beside = [
  { name: 'the code that made the call', group: 'beside', calls: 'outside', begin: () => (fn) => fn() },
  {
    name: 'a sibling in Promise.all',
    group: 'beside',
    prepare: (tools) => void Promise.all([again(tools), again(tools)]),
  },
  {
    name: 'a timer set before it',
    group: 'beside',
    prepare({ over, visit }) {
      const interval = setInterval(() => (over() ? clearInterval(interval) : visit()), 1);
    },
  },
  {
    name: 'a listener added inside, emitted to outside',
    group: 'beside',
    calls: 'outside',
    begin() {
      const emitter = new EventEmitter().on('call', (fn) => fn());
      return (fn) => emitter.emit('call', fn);
    },
  },
  {
    name: 'a listener of an EventTarget, dispatched to outside',
    group: 'beside',
    calls: 'outside',
    begin() {
      let current;
      const target = new EventTarget();
      target.addEventListener('call', () => current());
      return (fn) => {
        current = fn;
        target.dispatchEvent(new Event('call'));
      };
    },
  },
  {
    name: 'a generator made inside, read outside',
    group: 'beside',
    calls: 'outside',
    begin() {
      let current;
      const steps = (function* () {
        while (true) yield current();
      })();
      return (fn) => {
        current = fn;
        steps.next();
      };
    },
  },
  {
    name: 'an Observable made inside, subscribed to outside',
    group: 'beside',
    calls: 'outside',
    begin() {
      let current;
      const source = new Observable((subscriber) => subscriber.next(current()));
      return (fn) => {
        current = fn;
        source.subscribe().unsubscribe();
      };
    },
  },
  {
    name: 'a lazy thenable made inside, awaited outside',
    group: 'beside',
    async prepare(tools) {
      const { over } = tools;
      while (!over()) {
        if (tools.thenable !== undefined) await tools.thenable;
        await macrotask();
      }
    },
    begin(tools) {
      tools.thenable = {
        then(resolve) {
          tools.visit();
          resolve();
        },
      };
    },
  },
  {
    name: 'a promise made inside, awaited outside',
    group: 'beside',
    async prepare(tools) {
      const { over, visit } = tools;
      while (!over()) {
        if (tools.promise !== undefined) {
          await tools.promise;
          visit();
        }
        await macrotask();
      }
    },
    begin(tools) {
      tools.promise = macrotask();
    },
  },
  {
    name: 'a stream made inside, written to outside',
    group: 'beside',
    calls: 'outside',
    begin() {
      let current;
      const transform = new Transform({
        transform(_chunk, _encoding, done) {
          current();
          done();
        },
      });
      return (fn) => {
        current = fn;
        transform.write('x');
      };
    },
  },
  {
    name: 'a scoped instance first used inside',
    group: 'beside',
    calls: 'inside',
    needsScoped: true,
    begin: ({ core }) => {
      let current;
      const scoped = new core.Scoped({ name: 'instance', make: () => ({ made: current() }) });
      return (fn) => {
        current = fn;
        scoped.use();
      };
    },
  },
  {
    name: 'an overlapping call, with a value of its own',
    group: 'own',
    prepare: (tools) => void tools.kind.enter('auditor', () => again(tools)),
  },
  {
    name: 'a call made inside, still open after it',
    group: 'own',
    begin: (tools) => void tools.kind.enter('auditor', () => again(tools)),
  },
];
