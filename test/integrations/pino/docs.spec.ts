import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logFields, runUnitOfWork } from 'nestjs-contextvars/core';
import { createLogger, format, type Logger, transports } from 'winston';
import { until } from '../../nest/http/support/until.js';

// That the examples of docs/logging.md print what they say is tested with those of all pages. This is what the recipe for
// winston is for: a transport that is busy has the formats of a logger run later.

const page = readFileSync(join(__dirname, '../../../docs/logging.md'), 'utf8');
const recipe = page.match(/^function withContext\(logger\) \{$.*?^\}$/ms)?.[0];

type WithContext = (logger: Logger) => Logger;
const withContext = new Function('logFields', `${recipe}\nreturn withContext;`)(logFields) as WithContext;

interface Line {
  readonly by: string;
  readonly requestId: string;
}

class BusyTransport extends transports.Console {
  readonly lines: Line[] = [];

  override log(line: Line, done: () => void): void {
    this.lines.push(line);
    setImmediate(done);
  }
}

async function linesOf(make: (transport: BusyTransport) => Logger): Promise<Line[]> {
  const transport = new BusyTransport();
  const logger = make(transport);
  for (let i = 0; i < 100; i++) {
    const id = `unit-${i}`;
    runUnitOfWork({ kind: 'test', id }, () => logger.child({ module: 'm' }).info('x', { by: id }));
  }
  await until('all are written', () => transport.lines.length === 100);
  return transport.lines;
}

test('with the recipe for winston each line has the fields of where it was written', async () => {
  const lines = await linesOf((transport) => withContext(createLogger({ transports: [transport] })));
  expect(lines.filter(({ by, requestId }) => by !== requestId)).toEqual([]);
});

test('with a format that asks for them, as the page says not to, lines have those of others', async () => {
  const fields = format((info) => ({ ...info, ...logFields() }));
  const lines = await linesOf((transport) => createLogger({ transports: [transport], format: fields() }));
  expect(lines.some(({ by, requestId }) => by !== requestId)).toBe(true);
});

test('an error that is logged stays as it was, and is written as one', async () => {
  const transport = new BusyTransport();
  const logger = withContext(
    createLogger({ transports: [transport], format: format.errors({ stack: true }) }),
  );
  const error = Object.assign(new Error('declined'), { code: 'E_CARD' });
  runUnitOfWork({ kind: 'test', id: 'unit-1' }, () => logger.error(error));
  expect(transport.lines).toMatchObject([
    { level: 'error', message: 'declined', stack: error.stack, code: 'E_CARD', requestId: 'unit-1' },
  ]);
  expect(error).not.toHaveProperty('requestId');
});
