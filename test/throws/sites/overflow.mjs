// The end of the stack: anywhere inside a call of the library, and in functions that call it for ever.
import {
  bindContext,
  Context,
  ContextVar,
  copyContext,
  createTask,
  currentUnit,
  gather,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from 'nestjs-contextvars/core';
import { role, tenant, touched } from '../context.mjs';
import { atTheEnd, isOverflow, nearTheEnd } from '../stack-end.mjs';

const inner = new ContextVar('inner', { default: 'nothing' });
const base = new ScopedValue('base');

/** So many levels are left to what calls itself without end. */
const AHEAD = 300;

/** What calls promised and left running, and the units of work that they began. */
let promised = [];
let leftRunning = [];
let units = [];
const elevated = () => {
  const seen = { role: 'nothing' };
  process.nextTick(() => {
    seen.role = readRole();
  });
  leftRunning[leftRunning.length] = seen;
  return 'ok';
};
const inUnit = () => {
  units[units.length] = currentUnit();
  return 'ok';
};
const promise = (given) => {
  promised[promised.length] = given;
};
const plain = () => 'ok';

function readRole() {
  try {
    return role.get('none');
  } catch (error) {
    return error.code;
  }
}

const bound = bindContext(plain);
const setting = () => {
  inner.set('set');
  return 'ok';
};

const ops = {
  'ContextVar.get': () => tenant.get(),
  'ContextVar.run': () => inner.run('inside', plain),
  'ScopedValue.run': () => role.run('admin', elevated),
  'withTempContext, one binding': () => withTempContext([role.as('admin')], elevated),
  'withTempContext, several bindings': () =>
    withTempContext([role.as('admin'), inner.as('inside'), touched.as('temporarily')], elevated),
  'ContextVar.set': () => inner.run('inside', setting),
  'Context.run': () => new Context().run(plain),
  'Context.run of a copy': () => copyContext().run(plain),
  'a bound function': () => bound(),
  runUnitOfWork: () => runUnitOfWork({ kind: 'inside' }, inUnit),
  createTask: () => promise(createTask(inUnit)),
  preserveContext: () => preserveContext(inUnit)(),
  'preserveContext in the background': () => promise(preserveContext(inUnit, { background: true })()),
  gather: () => promise(gather([plain, plain])),
};

const swept = Object.entries(ops).map(([name, op]) => {
  let overflows = 0;
  let compiled = false;
  const isUnit = /Task|preserve|gather|Unit/.test(name);
  return {
    name: `the end of the stack in ${name}`,
    arrives: 'nowhere',
    tolerates: isOverflow,
    // Each time it is reached about so often.
    share: 1 / 8,
    count: () => overflows,
    fail: async () => {
      // What has never been called has to be compiled first, and that takes more of the stack than a call.
      if (!compiled && isUnit) await op();
      compiled = true;
      const outcomes = [];
      [promised, leftRunning, units] = [[], [], []];
      atTheEnd(op, outcomes);
      const [mine, running, begun] = [promised, leftRunning, units];
      overflows += outcomes.length;
      for (const one of mine) one?.catch?.(() => {});
      const other = outcomes.find((outcome) => !isOverflow(outcome));
      if (other !== undefined) throw other;
      await new Promise(setImmediate);
      const open = begun.find((unit) => !unit.ended);
      if (open !== undefined) throw new Error(`the unit of work '${open.kind}' has not ended`);
      const seen = running.find((one) => one.role !== 'ERR_SCOPE_ENDED');
      if (seen !== undefined) throw new Error(`what was left running reads the role ${seen.role}`);
    },
    works: async () => {
      op();
      await null;
      return 'ok';
    },
    finish: () => (overflows === 0 ? ['there was room each time: nothing was tried'] : []),
  };
});

/** Each calls itself through the library, without end. */
const endless = {
  'Context.run': () => {
    const nest = () => new Context().run(nest);
    return nest();
  },
  'ContextVar.run': () => {
    const nest = () => inner.run('inside', nest);
    return nest();
  },
  'ScopedValue.run': () => {
    const nest = () => role.run('admin', nest);
    return nest();
  },
  withTempContext: () => {
    const nest = () => withTempContext([role.as('admin'), inner.as('inside')], nest);
    return nest();
  },
  runUnitOfWork: () => {
    const nest = () => {
      base.bind('base');
      return runUnitOfWork({ kind: 'inside' }, nest);
    };
    return runUnitOfWork({ kind: 'inside' }, nest);
  },
  preserveContext: () => {
    const nest = preserveContext(() => nest());
    return nest();
  },
  createTask: () => {
    const nest = () => createTask(nest);
    return nest();
  },
  gather: () => {
    const nest = () => gather([nest, plain]);
    return nest();
  },
};

const nested = Object.entries(endless).map(([name, recurse]) => ({
  name: `${name} that calls itself without end`,
  tolerates: isOverflow,
  share: 1 / 8,
  expects: isOverflow,
  fail: (_failure, kit) => {
    // Begun before, so that it has to find the outermost scope ended.
    const begin = () => {
      kit.leaveElevated();
      // Not from here: thousands of levels take long.
      return nearTheEnd(AHEAD, recurse);
    };
    return role.run('admin', begin);
  },
  works: () => inner.run('inside', plain),
}));

export const sites = [...swept, ...nested];
