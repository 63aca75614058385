// What begins with nothing, wherever it is started: an entry of its own, or code that no context reaches.

import { setImmediate as macrotask } from 'node:timers/promises';
import { decorated } from '../../throws/apply-decorator.mjs';

const goesOn =
  ({ over, visit }) =>
  async () => {
    while (!over()) {
      visit();
      await macrotask();
    }
  };

export const apart = [
  {
    name: 'a new Context',
    calls: 'anywhere',
    begin:
      ({ core }) =>
      (fn) =>
        new core.Context().run(fn),
  },
  {
    name: 'a unit of work begun inside',
    begin: (tools) => void tools.core.runUnitOfWork({ kind: 'job' }, goesOn(tools)),
  },
  {
    name: '@AsUnitOfWork, called inside',
    begin: (tools) => void decorated(tools.core.AsUnitOfWork({ kind: 'cron' }), goesOn(tools))(),
  },
  {
    name: 'a worker thread that is given nothing',
    isSlow: true,
    begin({ over, read, kind, thread }) {
      const ask = async () => {
        while (!over()) read(await thread.ask(kind.name, {}));
      };
      void ask();
    },
  },
  {
    name: 'a FinalizationRegistry',
    isSlow: true,
    async prepare(tools) {
      while (!tools.watch.over) await macrotask();
      tools.kept = undefined;
    },
    begin(tools) {
      tools.registry = new FinalizationRegistry(() => tools.visit());
      // One is collected at once, the other when the call is over.
      tools.kept = {};
      tools.registry.register({}, 1);
      tools.registry.register(tools.kept, 2);
    },
  },
].map((route) => ({ group: 'apart', ...route }));
