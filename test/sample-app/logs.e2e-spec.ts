import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { share } from '../support/share.js';
import { as, DeskClient } from './desk-client.js';
import { type RunningSample, startSample } from './running-sample.js';

// The log of a busy application, joined by request with the script that a reader would use (test/logs/join.mjs): from the
// middleware to the background job and the worker thread, each line has the fields of its own request, and none is missing.

const REQUESTS = share(300);
const AT_ONCE = 100;

interface Line {
  readonly level: string;
  readonly context: string;
  readonly message: string;
  readonly [field: string]: unknown;
}
interface Joined {
  readonly requests: Readonly<Record<string, readonly Line[]>>;
  readonly others: readonly Line[];
  readonly broken: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'orders-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** @throws where the lines of one request do not agree on who asked. */
function joined(lines: readonly string[]): Joined {
  const file = join(folder, 'orders.log');
  writeFileSync(file, lines.join('\n'));
  const args = [join(__dirname, '../logs/join.mjs'), file, '--json'];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 })) as Joined;
}

const callers = [
  { user: 'ada', tenant: 'acme' },
  { user: 'bob', tenant: 'acme' },
  { user: 'cleo', tenant: 'globex' },
  { user: 'dan', tenant: 'globex' },
];

interface Sent {
  readonly requestId: string;
  readonly correlationId: string;
  readonly user: string;
  readonly tenant: string;
  readonly client: string;
  orderId: string;
}

/** What is logged of an order, by whom, in this order. `by` are fields that are there by then. */
const expected = (orderId: string) => [
  { context: 'Request', message: 'started POST /orders', by: [] },
  { context: 'JsonBodyMiddleware', message: 'takes 27 bytes of JSON', by: ['client'] },
  { context: 'OrdersService', message: `placed ${orderId}`, by: ['client', 'tenant', 'user'] },
  {
    context: 'ReceiptWriter',
    message: `renders the receipt of ${orderId}`,
    by: ['tenant', 'user'],
  },
  { context: 'ReceiptThread', message: `sets the receipt of ${orderId}`, by: ['tenant', 'user'] },
  {
    context: 'ReceiptWriter',
    message: `signs the receipt of ${orderId}`,
    by: ['tenant', 'user'],
  },
  {
    context: 'ReceiptWriter',
    message: `files the receipt of ${orderId}`,
    by: ['tenant', 'user'],
  },
  { context: 'Request', message: 'completed POST /orders 201', by: ['client', 'tenant', 'user'] },
];

describe.each(['express', 'fastify'])(`the log of ${REQUESTS} overlapping requests on %s`, (ADAPTER) => {
  const sent: Sent[] = [];
  let sample: RunningSample;
  let log: Joined;

  beforeAll(async () => {
    sample = await startSample({ ADAPTER, LOG_FORMAT: 'json' });
    const client = new DeskClient(sample.address, AT_ONCE);
    const numbers = Array.from({ length: REQUESTS }, (_, n) => n).values();
    const place = async () => {
      for (const n of numbers) {
        const { user, tenant } = callers[n % callers.length]!;
        const who = { user, tenant, requestId: `r-${n}`, correlationId: `c-${n}`, client: `till ${n}` };
        const headers = {
          ...as(user, tenant),
          'x-request-id': who.requestId,
          'x-correlation-id': who.correlationId,
          'user-agent': who.client,
        };
        const body = { item: 'tea', quantity: 1 };
        const answer = await client.send('/orders', { method: 'POST', headers, body });
        sent.push({ ...who, orderId: answer.body.id });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, place));
    client.close();
    // What is told to stop finishes what runs in the background.
    const { stdout } = await sample.stop();
    log = joined(stdout.slice(1));
  }, 120_000);

  it('has nothing but records, each of one of the requests', () => {
    expect(log.broken).toEqual([]);
    expect(log.others).toEqual([]);
    expect(Object.keys(log.requests).sort()).toEqual(sent.map(({ requestId }) => requestId).sort());
  });

  it('has each line of each request, once', () => {
    const wrong = sent.flatMap(({ requestId, orderId }) => {
      const rest = [...(log.requests[requestId] ?? [])];
      const missing = expected(orderId).filter(({ context, message }) => {
        const at = rest.findIndex((line) => line.context === context && line.message.startsWith(message));
        if (at !== -1) rest.splice(at, 1);
        return at === -1;
      });
      return [
        ...missing.map((line) => ({ requestId, missing: line })),
        ...rest.map((line) => ({ requestId, line })),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it('has in each line the fields of its own request, and all that are known by then', () => {
    const foreign: unknown[] = [];
    const absent: unknown[] = [];
    for (const own of sent) {
      const lines = log.requests[own.requestId] ?? [];
      for (const line of lines) {
        for (const field of ['requestId', 'correlationId', 'tenant', 'user', 'client'] as const) {
          if (line[field] !== undefined && line[field] !== own[field]) foreign.push({ own, line });
        }
        const { by = [] } =
          expected(own.orderId).find(
            (one) => one.context === line.context && line.message.startsWith(one.message),
          ) ?? {};
        for (const field of ['correlationId', ...by])
          if (line[field] === undefined) absent.push({ field, line });
      }
    }
    expect({ foreign, absent }).toEqual({ foreign: [], absent: [] });
  });
});
