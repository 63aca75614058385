// The claim guarded here: a log line with the fields of the context costs at most 1.15 times the same line by the same logger
// with the same fields passed by hand. "The same line" is the same bytes, which is asserted: as text the fields stand in the
// message that is passed, in JSON they are parameters. By hand it is written by the ContextLogger, and by Nest's own
// ConsoleLogger, which does not look at what it writes.
//
// The lines of pino are in log-line.pino.mjs.

import assert from 'node:assert/strict';
import { measureCalls } from './harness/calls.mjs';
import * as ofPino from './log-line.pino.mjs';

const LIMIT = 1.15;
const MESSAGE = 'order placed';

const BY_HAND = 'fields by hand';
const BY_NEST = "fields by hand, Nest's ConsoleLogger";
const BY_CONTEXT = 'ContextLogger';

const FORMATS = {
  "a line of text of Nest's logger": { json: false, colors: false },
  "a line of JSON of Nest's logger": { json: true, flattenParams: true },
};

/** Calls `body` where a line has five fields: the id, a variable that is declared for logs, three that are bound. */
async function withFields(body) {
  const { bindLogContext, ContextVar, logFields, runUnitOfWork } = await import('nestjs-contextvars');
  const tenant = new ContextVar('tenant', { log: 'tenant' });
  return runUnitOfWork({ kind: 'bench', id: '8f2c6a3e-7d1b-4e7f-9a52-0c1d2e3f4a5b' }, () => {
    tenant.set('acme');
    bindLogContext({ userId: 'u-1234', orderId: 7781, attempt: 3 });
    return body(logFields());
  });
}

const byContext = (logger) => () => logger.log(MESSAGE);

/** What a caller writes who has the fields in variables of its own. */
const byHand = (logger, { json }, { requestId, tenant, userId, orderId, attempt }) =>
  json
    ? () => logger.log(MESSAGE, { requestId, tenant, userId, orderId, attempt })
    : () =>
        logger.log(
          `${MESSAGE} requestId=${requestId} tenant=${tenant} userId=${userId} orderId=${orderId} attempt=${attempt}`,
        );

/** Nothing is written from here on: what that costs is the same, and makes any difference look small. */
function writeNowhere() {
  // The harness prints what it has measured: its console keeps the stream that it takes now.
  console.log();
  Object.defineProperty(process, 'stdout', { value: { write: () => true } });
}

/** The one line that `write` writes, at a time that is the same for all. */
function lineOf(write) {
  const { now } = Date;
  const { stdout } = process;
  const lines = [];
  try {
    Date.now = () => 1.7e12;
    Object.defineProperty(process, 'stdout', { value: { write: (line) => lines.push(line) } });
    write();
  } finally {
    Date.now = now;
    Object.defineProperty(process, 'stdout', { value: stdout });
  }
  assert.equal(lines.length, 1);
  return lines[0];
}

/** Measures one way to write the line, after a look at whether all write the same one. */
const measured = (options, subject) => async (measure) => {
  const [{ ConsoleLogger }, { ContextLogger }] = await Promise.all([
    import('@nestjs/common'),
    import('nestjs-contextvars'),
  ]);
  const make = (Logger) => new Logger('Orders', { ...options, logLevels: ['log'] });
  // By hand they are written outside any context: a ContextLogger would write them once more.
  const fields = await withFields((own) => own);
  console.log();
  const expected = await withFields(() => lineOf(byContext(make(ContextLogger))));
  for (const Logger of [ContextLogger, ConsoleLogger])
    assert.equal(lineOf(byHand(make(Logger), options, fields)), expected);
  writeNowhere();
  if (subject === BY_CONTEXT) return withFields(() => measure(warm(byContext(make(ContextLogger)))));
  return measure(warm(byHand(make(subject === BY_NEST ? ConsoleLogger : ContextLogger), options, fields)));
};

/** A line runs through much code: on a busy machine the compiler is not done with it by the time the harness is. */
function warm(fn) {
  for (let i = 0; i < 200_000; i++) fn();
  return fn;
}

export const operations = {
  ...Object.fromEntries(
    Object.entries(FORMATS).map(([operation, options]) => [
      operation,
      Object.fromEntries(
        [BY_HAND, BY_NEST, BY_CONTEXT].map((subject) => [subject, measured(options, subject)]),
      ),
    ]),
  ),
  ...ofPino.operations,
};

export const benchmark = {
  section: 'primitives',
  title: 'A log line',
  rounds: 3,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  claims: (of) => [
    ...Object.keys(FORMATS).flatMap((operation) =>
      [BY_HAND, BY_NEST].map((reference) => of.times(operation, BY_CONTEXT, reference, LIMIT)),
    ),
    ...ofPino.claims(of),
  ],
};
