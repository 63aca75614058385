// The hooks of another library's context. One that fails at its own hook must not take ours with it.
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  bindContext,
  bindIterable,
  Context,
  copyContext,
  createTask,
  currentUnit,
  preserveContext,
  registerForeignContext,
  runUnitOfWork,
} from 'nestjs-contextvars/core';
import { tenant } from '../context.mjs';

const storage = new AsyncLocalStorage();
/** The hook that is to fail, the how manyth call of it, and with what. */
let armed;

function reach(hook) {
  if (armed?.hook !== hook) return;
  armed.calls -= 1;
  if (armed.calls === 0) throw armed.failure;
}

registerForeignContext({
  name: 'throws',
  capture() {
    reach('capture');
    return storage.getStore();
  },
  run(state, fn) {
    reach('run');
    const result = storage.run(state, fn);
    reach('run, after the function');
    return result;
  },
  fork(state, unit) {
    reach('fork');
    return { from: state, of: unit.kind };
  },
  adopt() {
    reach('adopt');
    return undefined;
  },
  release() {
    reach('release');
  },
});

const work = (kit) => () => {
  kit.mustEnd(currentUnit());
  return 'ok';
};

/** What calls each hook, synchronously. */
const uses = {
  capture: {
    createTask: (kit) => createTask(work(kit)),
    preserveContext: (kit) => preserveContext(work(kit))(),
    'preserveContext in the background': (kit) => preserveContext(work(kit), { background: true })(),
    bindContext: () => bindContext(() => 'ok')(),
    bindIterable: () => [...bindIterable(['ok'])][0],
    copyContext: () => copyContext().run(() => 'ok'),
  },
  fork: {
    createTask: (kit) => createTask(work(kit)),
    preserveContext: (kit) => preserveContext(work(kit))(),
    'preserveContext in the background': (kit) => preserveContext(work(kit), { background: true })(),
    runUnitOfWork: (kit) => runUnitOfWork({ kind: 'inside' }, work(kit)),
  },
  run: {
    createTask: (kit) => createTask(work(kit)),
    preserveContext: (kit) => preserveContext(work(kit))(),
    runUnitOfWork: (kit) => runUnitOfWork({ kind: 'inside' }, work(kit)),
    'Context.run': () => copyContext().run(() => 'ok'),
    'Context.run of another Context': () => new Context().run(() => 'ok'),
    'a bound function': () => bindContext(() => 'ok')(),
  },
  'run, after the function': {
    createTask: (kit) => createTask(work(kit)),
    preserveContext: (kit) => preserveContext(work(kit))(),
    runUnitOfWork: (kit) => runUnitOfWork({ kind: 'inside' }, work(kit)),
    'a bound function': () => bindContext(() => 'ok')(),
  },
};

/** Runs `use` with the hook armed; those who call later are not meant. */
function withHook(hook, failure, use, calls = 1) {
  armed = { hook, failure, calls };
  try {
    return use();
  } finally {
    armed = undefined;
  }
}

export const sites = [
  ...Object.entries(uses).flatMap(([hook, ways]) =>
    Object.entries(ways).map(([way, use]) => ({
      name: `ForeignContext: ${hook}, for ${way}`,
      fail: (failure, kit) => withHook(hook, failure, () => use(kit)),
      works: (kit) => use(kit),
    })),
  ),
  {
    name: 'ForeignContext: adopt, for a read outside any context',
    inside: ['outside'],
    fail: (failure) => withHook('adopt', failure, () => tenant.get()),
    works: () => (tenant.get() === 'nobody' ? 'ok' : tenant.get()),
  },
  ...['runUnitOfWork', 'createTask', 'preserveContext'].map((way) => {
    const use = {
      runUnitOfWork: (kit) => runUnitOfWork({ kind: 'inside' }, work(kit)),
      createTask: (kit) => createTask(work(kit)),
      preserveContext: (kit) => preserveContext(work(kit))(),
    }[way];
    return {
      name: `ForeignContext: release, for ${way}`,
      arrives: 'reported',
      fail: (failure, kit) => withHook('release', failure, () => use(kit)),
      works: use,
    };
  }),
];
