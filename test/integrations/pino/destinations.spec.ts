import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bindLogContext, runUnitOfWork } from 'nestjs-contextvars/core';
import { contextMixin, safeHooks } from 'nestjs-contextvars/pino';
import { destination, type Logger, multistream, pino, transport } from 'pino';
import { Lines, parseLine } from './support/lines.js';

// Where a line is written to, and in which thread, makes no difference: the fields are those of the call.

const folder = mkdtempSync(join(tmpdir(), 'pino-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Ten units of work that overlap, with three lines each. */
async function work(logger: Logger): Promise<void> {
  const unit = async (name: string) => {
    bindLogContext({ name });
    for (let turn = 0; turn < 3; turn++) {
      await null;
      logger.info({ by: name, turn }, 'a\u2028b');
    }
  };
  const names = Array.from({ length: 10 }, (_, i) => `unit-${i}`);
  await Promise.all(names.map((id) => runUnitOfWork({ kind: 'test', id }, () => unit(id))));
}

function expectAll(lines: readonly Record<string, unknown>[]): void {
  expect(lines).toHaveLength(30);
  for (const { by, name, requestId } of lines) expect([name, requestId]).toEqual([by, by]);
}

function linesOf(file: string): Record<string, unknown>[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n').map(parseLine);
}

const options = () => ({ mixin: contextMixin(), hooks: safeHooks() });

test('a transport in a worker thread', async () => {
  const file = join(folder, 'transport.log');
  const thread = transport({ target: 'pino/file', options: { destination: file } }) as NodeJS.EventEmitter & {
    end(): void;
  };
  await work(pino(options(), thread as never));
  thread.end();
  await once(thread, 'close');
  expectAll(linesOf(file));
});

test('a destination that writes later', async () => {
  const file = join(folder, 'later.log');
  const later = destination({ dest: file, sync: false, minLength: 4096 });
  await once(later, 'ready');
  await work(pino(options(), later));
  later.end();
  await once(later, 'close');
  expectAll(linesOf(file));
});

test('several streams', async () => {
  const [one, other] = [new Lines(), new Lines()];
  await work(pino(options(), multistream([{ stream: one }, { stream: other }])));
  expectAll(one.all);
  expectAll(other.all);
});
