// Jobs cross from the process that takes requests to the one that works them off.

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describeWithServer } from '../support/servers.js';
import { as, type DeskAnswer, DeskClient } from './desk-client.js';
import { type RunningSample, SampleProcess, startSample } from './running-sample.js';

const callers = [
  ['ada', 'acme'],
  ['bob', 'acme'],
  ['cleo', 'globex'],
  ['dan', 'globex'],
] as const;

/** `open` gives the URL of a queue that nobody else uses, and what closes it. */
function invoices(open: () => Promise<{ url: string; close(): Promise<unknown> }>): void {
  let queue: Awaited<ReturnType<typeof open>>;
  let sample: RunningSample;
  let worker: SampleProcess;
  let client: DeskClient;

  beforeAll(async () => {
    queue = await open();
    // The first one makes the tables, where the queue has any.
    sample = await startSample({ QUEUE_URL: queue.url });
    worker = new SampleProcess('worker.js', { QUEUE_URL: queue.url });
    await worker.firstLine();
    client = new DeskClient(sample.address, 8);
  }, 60_000);

  afterAll(async () => {
    client.close();
    worker.signal('SIGTERM');
    const ended = [await worker.ended(), await sample.stop()];
    await queue.close();
    expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
  }, 30_000);

  async function invoiced(user: string, tenant: string, ids: Record<string, string>): Promise<DeskAnswer> {
    const headers = { ...as(user, tenant), ...ids };
    const body = { item: 'tea', quantity: 1 };
    const order = await client.send('/orders', { method: 'POST', headers, body });
    const { status } = await client.send(`/invoices/${order.body.id}`, { method: 'POST', headers });
    expect(status).toBe(202);
    for (;;) {
      const answer = await client.send(`/invoices/${order.body.id}`, { headers: as(user, tenant) });
      if (answer.body.status !== 'pending') return answer;
      await sleep(20);
    }
  }

  it('the worker has the ids, the tenant and the user of the request, and not its role', async () => {
    const asked = callers.flatMap(([user, tenant]) =>
      Array.from({ length: 5 }, (_, n) => ({
        user,
        tenant,
        id: `${user}-${n}`,
        talk: `talk-of-${user}-${n}`,
      })),
    );
    const answers = await Promise.all(
      asked.map(({ user, tenant, id, talk }) =>
        invoiced(user, tenant, { 'x-request-id': id, 'x-correlation-id': talk }),
      ),
    );
    const writer = answers[0]?.body.writtenBy;
    expect(writer).not.toBe(undefined);
    const log = worker.stdout.filter((line) => line.includes('writes the invoice of'));
    expect(log).toHaveLength(asked.length);
    for (const [place, { user, tenant, id, talk }] of asked.entries()) {
      const { orderId, ...body } = answers[place]!.body;
      const saw = { requestId: id, correlationId: talk, tenant, user, role: 'none' };
      expect(body).toEqual({ status: 'written', ...saw, writtenBy: writer });
      expect(log).toContainEqual(
        expect.stringMatching(
          ` writes the invoice of ${orderId} requestId=${id} correlationId=${talk} tenant=${tenant} user=${user}$`,
        ),
      );
    }
  }, 60_000);

  it('nobody reads the invoice of another tenant', async () => {
    const { body } = await invoiced('ada', 'acme', {});
    const { status } = await client.send(`/invoices/${body.orderId}`, { headers: as('cleo', 'globex') });
    expect(status).toBe(404);
  }, 30_000);

  it('there is no invoice of an order that does not exist', async () => {
    const headers = as('ada', 'acme');
    const { status } = await client.send('/invoices/order-9999', { method: 'POST', headers });
    expect(status).toBe(404);
  });
}

describeWithServer('redis', 'invoices, queued in Redis', (url) => {
  invoices(async () => {
    const own = new URL(url);
    own.pathname = '/15';
    const redis = new Redis(own.href);
    await redis.flushdb();
    const close = async () => {
      await redis.flushdb();
      redis.disconnect();
    };
    return { url: own.href, close };
  });
});

describeWithServer('postgres', 'invoices, queued in PostgreSQL', (url) => {
  invoices(async () => {
    const name = `invoices_${process.pid}`;
    const admin = new Client({ connectionString: url });
    await admin.connect();
    await admin.query(`create database ${name}`);
    const own = new URL(url);
    own.pathname = `/${name}`;
    const close = async () => {
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    };
    return { url: own.href, close };
  });
});
