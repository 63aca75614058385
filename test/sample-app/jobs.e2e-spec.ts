// Jobs go from the process that takes requests to the one that works them off: another one, where there is a server.

import { setTimeout as sleep } from 'node:timers/promises';
import { as, type DeskAnswer, DeskClient } from './desk-client.js';
import { describeOnPlaces, type Place } from './places.js';
import { type Ended, type RunningSample, SampleProcess, startSample } from './running-sample.js';

const callers = [
  ['ada', 'acme'],
  ['bob', 'acme'],
  ['cleo', 'globex'],
  ['dan', 'globex'],
] as const;

const asked = callers.flatMap(([user, tenant]) =>
  Array.from({ length: 5 }, (_, n) => ({ user, tenant, id: `${user}-${n}`, talk: `talk-of-${user}-${n}` })),
);

describeOnPlaces('jobs', (open) => {
  let place: Place;
  let sample: RunningSample;
  let worker: SampleProcess | undefined;
  let client: DeskClient;

  beforeAll(async () => {
    place = await open();
    sample = await startSample(place.env);
    if (place.hasWorker) {
      worker = new SampleProcess('worker.js', place.env);
      await worker.firstLine();
    }
    client = new DeskClient(sample.address, 8);
  }, 60_000);

  afterAll(async () => {
    client.close();
    const ended: (Ended | undefined)[] = [await sample.stop()];
    worker?.signal('SIGTERM');
    ended.push(await worker?.ended());
    await place.remove();
    for (const { code, stderr } of ended.filter((one) => one !== undefined)) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
  }, 30_000);

  /** What was said by the process that works the jobs off. */
  const linesWith = (text: string) => (worker ?? sample.process).stdout.filter((line) => line.includes(text));

  const placed = (headers: object): Promise<DeskAnswer> =>
    client.send('/orders', { method: 'POST', headers: { ...headers }, body: { item: 'tea', quantity: 1 } });

  const headersOf = ({ user, tenant, id, talk }: (typeof asked)[number]) => ({
    ...as(user, tenant),
    'x-request-id': id,
    'x-correlation-id': talk,
  });

  async function invoiced(headers: object): Promise<DeskAnswer> {
    const { body: order } = await placed(headers);
    const request = { method: 'POST', headers: { ...headers } };
    const { status } = await client.send(`/invoices/${order.id}`, request);
    expect(status).toBe(202);
    for (;;) {
      const answer = await client.send(`/invoices/${order.id}`, { headers: { ...headers } });
      if (answer.body.status !== 'pending') return answer;
      await sleep(20);
    }
  }

  it('receipts are written by who works the jobs off, as whoever placed the order, without a role', async () => {
    const orders = await Promise.all(asked.map((sent) => placed(headersOf(sent))));
    for (const [n, sent] of asked.entries()) {
      const { user, tenant, id, talk } = sent;
      const orderId = orders[n]!.body.id;
      const { status, body } = await client.send(`/receipts/${orderId}`, { headers: as(user, tenant) });
      expect(status).toBe(200);
      expect(body).toMatchObject({ orderId, status: 'written', requestId: id, tenant, user, role: 'none' });
      const ofIt = `requestId=${id} correlationId=${talk} tenant=${tenant} user=${user}`;
      await lineWith(`renders the receipt of ${orderId} ${ofIt}`);
      await lineWith(`sets the receipt of ${orderId}, `);
    }
    if (worker) expect(sample.process.stdout.filter((line) => / the receipt of /.test(line))).toEqual([]);
  }, 60_000);

  it('the worker has the ids, the tenant and the user of the request, and not its role', async () => {
    const answers = await Promise.all(asked.map((sent) => invoiced(headersOf(sent))));
    const writer = answers[0]?.body.writtenBy;
    expect(writer).not.toBe(undefined);
    for (const [n, { user, tenant, id, talk }] of asked.entries()) {
      const { orderId, ...body } = answers[n]!.body;
      const saw = { requestId: id, correlationId: talk, tenant, user, role: 'none' };
      expect(body).toEqual({ status: 'written', ...saw, writtenBy: writer });
      const ofIt = `requestId=${id} correlationId=${talk} tenant=${tenant} user=${user}`;
      expect(linesWith(`writes the invoice of ${orderId} ${ofIt}`)).toHaveLength(1);
    }
  }, 60_000);

  it('nobody reads the invoice of another tenant, and there is none of an order that does not exist', async () => {
    const { body } = await invoiced(as('ada', 'acme'));
    const headers = as('cleo', 'globex');
    expect((await client.send(`/invoices/${body.orderId}`, { headers })).status).toBe(404);
    expect((await client.send(`/invoices/${body.orderId}`, { method: 'POST', headers })).status).toBe(404);
    expect((await client.send('/invoices/order-9999', { method: 'POST', headers })).status).toBe(404);
  }, 30_000);

  /** The receipt may be read before the last line of its job is. */
  async function lineWith(text: string): Promise<void> {
    while (linesWith(text).length === 0) await sleep(10);
    expect(linesWith(text)).toHaveLength(1);
  }
});
