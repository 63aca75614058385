// What takes the context along explicitly, and what carries it out of the process.

import { EventEmitter } from 'node:events';
import { setImmediate as macrotask } from 'node:timers/promises';
import { Subject } from 'rxjs';
import { decorated } from '../../throws/apply-decorator.mjs';

/** Work that goes on by itself. */
const goesOn =
  ({ over, visit }) =>
  async () => {
    while (!over()) {
      visit();
      await macrotask();
    }
  };

/** A generator that calls what it is given when it is read. */
function caller() {
  const calling = {};
  calling.steps = (function* () {
    while (true) yield calling.fn();
  })();
  return calling;
}

const captured = [
  {
    name: 'copyContext',
    calls: 'anywhere',
    begin({ core }) {
      const context = core.copyContext();
      return (fn) => context.run(fn);
    },
  },
  {
    name: 'a copy of a copied Context',
    calls: 'anywhere',
    begin({ core }) {
      const context = core.copyContext().copy();
      return (fn) => context.run(fn);
    },
  },
  { name: 'createTask', begin: (tools) => void tools.core.createTask(goesOn(tools)) },
  {
    name: 'createTask in a copied Context',
    begin(tools) {
      const context = tools.core.copyContext();
      void tools.core.createTask(goesOn(tools), { context });
    },
  },
  { name: 'preserveContext', begin: (tools) => void tools.core.preserveContext(goesOn(tools))() },
  {
    name: '@PreserveContext',
    begin: (tools) => void decorated(tools.core.PreserveContext(), goesOn(tools))(),
  },
  {
    name: '@PreserveContext, background',
    begin: (tools) => void decorated(tools.core.PreserveContext({ background: true }), goesOn(tools))(),
  },
  {
    name: 'runUnitOfWork in a copied Context',
    begin(tools) {
      const context = tools.core.copyContext();
      void tools.core.runUnitOfWork({ kind: 'job', context }, goesOn(tools));
    },
  },
  { name: 'bindContext', calls: 'anywhere', begin: ({ core }) => core.bindContext((fn) => fn()) },
  {
    name: 'bindEmitter',
    calls: 'anywhere',
    begin({ core }) {
      const emitter = core.bindEmitter(new EventEmitter()).on('call', (fn) => fn());
      return (fn) => emitter.emit('call', fn);
    },
  },
  {
    name: 'bindEmitter, of an EventTarget',
    calls: 'anywhere',
    begin({ core }) {
      let current;
      const target = core.bindEmitter(new EventTarget());
      target.addEventListener('call', () => current());
      return (fn) => {
        current = fn;
        target.dispatchEvent(new Event('call'));
      };
    },
  },
  {
    name: 'bindIterable',
    calls: 'anywhere',
    begin({ core }) {
      const calling = caller();
      const steps = core.bindIterable(calling.steps);
      return (fn) => {
        calling.fn = fn;
        steps.next();
      };
    },
  },
  {
    name: 'bindObservable',
    calls: 'anywhere',
    begin({ core }) {
      const calls = new Subject();
      core.bindObservable(calls).subscribe((fn) => fn());
      return (fn) => calls.next(fn);
    },
  },
  {
    name: 'a capture of a capture',
    calls: 'anywhere',
    begin: ({ core }) => core.copyContext().run(() => core.bindContext((fn) => fn())),
  },
  {
    name: 'a branch of gather in a capture',
    begin(tools) {
      const context = tools.core.copyContext();
      void context.run(() => tools.core.gather([goesOn(tools)]));
    },
  },
].map((route) => ({ group: 'captured', ...route }));

const carried = [
  {
    name: 'a carrier (injectContext, extractContext)',
    calls: 'anywhere',
    begin({ core }) {
      const carrier = core.injectContext();
      return (fn) => core.extractContext(carrier).run(fn);
    },
  },
  {
    name: 'a signed carrier',
    calls: 'anywhere',
    begin({ core }) {
      const key = 'k'.repeat(32);
      const carrier = core.injectContext({}, { sign: { keyId: 'one', key, ttlMs: 60_000 } });
      return (fn) => core.extractContext(carrier, { verify: { keys: { one: key } } }).run(fn);
    },
  },
  {
    name: 'a carrier to a worker thread',
    isSlow: true,
    begin({ core, over, read, kind, thread }) {
      const carrier = core.injectContext();
      const ask = async () => {
        while (!over()) read(await thread.ask(kind.name, carrier));
      };
      void ask();
    },
  },
].map((route) => ({ group: 'carried', ...route }));

export { captured, carried };
