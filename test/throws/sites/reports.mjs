// What the library reports to: console.error, which others replace; and what log records are made of.
import * as core from 'nestjs-contextvars/core';
import { claim, report } from '../claims.mjs';

const { currentUnit, onTask, createTask, preserveContext } = core;

const background = (kit, failure) =>
  preserveContext(
    async () => {
      kit.mustEnd(currentUnit());
      await null;
      if (failure !== undefined) throw failure;
      return 'ok';
    },
    { background: true },
  )();

const consoleThrows = [
  {
    name: 'console.error, told of a background call',
    fail: async (failure, kit) => {
      const result = preserveContext(
        () => {
          kit.mustEnd(currentUnit());
          throw failure;
        },
        { background: true },
      );
      return withConsole(result);
    },
    works: (kit) => background(kit),
  },
  {
    name: 'console.error, told of a listener of onTask',
    arrives: 'nowhere',
    fail: async (failure) => {
      const stop = onTask(() => {
        throw failure;
      });
      try {
        await withConsole(() => createTask(() => 'ok'));
      } finally {
        stop();
      }
    },
    works: () => createTask(() => 'ok'),
  },
];

/** Calls `fn` with a console.error that throws. */
function withConsole(fn) {
  console.error = () => {
    throw new Error('console.error failed');
  };
  try {
    return fn();
  } finally {
    console.error = report;
  }
}

/** Only where this build of the library has log fields. */
const logs = [];
if (core.logFields !== undefined) {
  const { bindLogContext, ContextVar, logFields, registerLogFields, runUnitOfWork, withLogContext } = core;
  let instead;
  const order = new ContextVar('logged order', {
    log: {
      key: 'order',
      format: (value) => {
        instead?.();
        return value.number;
      },
    },
  });
  const logged = () =>
    runUnitOfWork({ kind: 'inside' }, () => {
      order.set({ number: 'ok' });
      return logFields().order;
    });
  let told = false;
  logs.push(
    {
      name: 'log: format of a variable',
      // Told once, and not for each record.
      arrives: 'nowhere',
      fail: async (failure) => {
        let first;
        if (!told) {
          told = true;
          first = claim(failure, 'reported');
        }
        instead = () => {
          throw failure;
        };
        try {
          const seen = logged();
          if (seen === 'ok') throw new Error('the record has what could not be made');
        } finally {
          instead = undefined;
        }
        await first;
      },
      works: logged,
    },
    {
      name: 'registerLogFields: a source',
      arrives: 'reported',
      fail: (failure) => {
        const stop = registerLogFields({
          name: 'throws',
          fields: () => {
            throw failure;
          },
        });
        try {
          logFields();
          logFields();
        } finally {
          stop();
        }
      },
      works: () => {
        const stop = registerLogFields({ name: 'throws', fields: () => ({ seen: 'ok' }) });
        try {
          return logFields().seen;
        } finally {
          stop();
        }
      },
    },
    {
      name: 'withLogContext: the function',
      fail: (failure) =>
        withLogContext({ seen: 'ok' }, async () => {
          await null;
          throw failure;
        }),
      works: () => withLogContext({ seen: 'ok' }, async () => logFields().seen),
    },
    {
      name: 'bindLogContext: a getter and a toJSON of a value',
      inside: ['in a unit of work', 'in a temporary scope'],
      arrives: 'nowhere',
      fail: (failure) => {
        const throwIt = () => {
          throw failure;
        };
        const value = { toJSON: throwIt };
        const fields = {
          value,
          other: Object.defineProperty({}, 'field', { get: throwIt, enumerable: true }),
        };
        const token = bindLogContext(fields);
        const record = JSON.stringify(logFields());
        token[Symbol.dispose]();
        if (!record.includes('"value"')) throw new Error(`not in the record: ${record}`);
      },
      works: () => {
        const token = bindLogContext({ seen: 'ok' });
        const { seen } = logFields();
        token[Symbol.dispose]();
        return seen;
      },
    },
  );
}

export const sites = [...consoleThrows, ...logs];
