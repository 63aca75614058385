// The call itself, and what runs as a part of it.

import { EventEmitter } from 'node:events';
import { setImmediate as macrotask } from 'node:timers/promises';

export const inside = [
  { name: 'the call itself', group: 'inside', calls: 'inside', begin: () => (fn) => fn() },
  {
    name: 'an awaited callee',
    group: 'inside',
    async begin({ read, watch }) {
      read();
      await null;
      // A call that has returned awaits nobody: then it was left running, which is another row.
      if (!watch.over) read();
      await macrotask();
      if (!watch.over) read();
    },
  },
  {
    name: 'branches of a Promise.all in it',
    group: 'inside',
    async begin({ read, watch }) {
      const branch = async () => {
        read();
        await macrotask();
        if (!watch.over) read();
      };
      await Promise.all([branch(), branch()]);
    },
  },
  {
    name: 'a listener from outside, emitted to inside',
    group: 'inside',
    calls: 'inside',
    prepare(tools) {
      tools.emitter = new EventEmitter().on('call', (fn) => fn());
    },
    begin:
      ({ emitter }) =>
      (fn) =>
        emitter.emit('call', fn),
  },
];
