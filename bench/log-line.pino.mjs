// The claim guarded here: a line of pino with the fields of `contextMixin` costs at most 1.15 times the same line by the
// same logger with the same fields passed by hand.
//
// For log-line.mjs, which measures it beside the lines of Nest's logger.

import assert from 'node:assert/strict';
import { pino } from 'pino';

const MESSAGE = 'order placed';
const BY_HAND = 'fields by hand';
const BY_MIXIN = 'contextMixin';

/**
 * Reads the line, as each destination does: pino hands over the parts of a text that has yet to be put together. Nothing is
 * written: what that costs is the same, and makes any difference look small.
 */
const nowhere = {
  bytes: 0,
  write(line) {
    this.bytes += Buffer.byteLength(line);
  },
};

/** Calls `body` where a line has five fields: the ids, a variable that is declared for logs, two that are bound. */
async function withFields(body) {
  const { bindLogContext, ContextVar, logFields, runUnitOfWork } = await import('nestjs-contextvars/core');
  const { contextMixin, safeHooks } = await import('nestjs-contextvars/pino');
  const tenant = new ContextVar('tenant', { log: 'tenant' });
  return runUnitOfWork({ kind: 'bench', id: '8f2c6a3e-7d1b-4e7f-9a52-0c1d2e3f4a5b' }, () => {
    tenant.set('acme');
    bindLogContext({ userId: 'u-1234', orderId: 7781, attempt: 3 });
    return body({ fields: logFields(), mixin: contextMixin(), hooks: safeHooks() });
  });
}

const byHand = (logger, fields) => () => logger.info({ ...fields }, MESSAGE);
const byMixin = (logger) => () => logger.info(MESSAGE);

/** The members of the line that `make` writes with a logger that has `options`, in the order of their names. */
function membersOf(make, options, fields) {
  const written = [];
  make(pino({ ...options, timestamp: false }, { write: (line) => written.push(line) }), fields)();
  assert.equal(written.length, 1);
  return Object.entries(JSON.parse(written[0])).sort();
}

/** The same line both ways, by loggers that differ in nothing but the mixin. */
function bothWays(optionsOf) {
  const measured = (make, mixes) => (measure) =>
    withFields(({ fields, mixin, hooks }) => {
      const options = optionsOf({ hooks });
      const mixed = { ...options, mixin };
      assert.deepEqual(membersOf(byMixin, mixed, fields), membersOf(byHand, options, fields));
      return measure(make(pino(mixes ? mixed : options, nowhere), fields));
    });
  return { [BY_HAND]: measured(byHand, false), [BY_MIXIN]: measured(byMixin, true) };
}

export const operations = {
  'a line of pino': bothWays(() => ({})),
  'a line of pino with safeHooks': bothWays(({ hooks }) => ({ hooks })),
};

export const claims = (of) =>
  Object.keys(operations).map((operation) => of.times(operation, BY_MIXIN, BY_HAND, 1.15));
