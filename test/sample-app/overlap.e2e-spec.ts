import { share } from '../support/share.js';
import { as, type DeskAnswer, DeskClient } from './desk-client.js';
import { type RunningSample, startSample } from './running-sample.js';

const REQUESTS = share(900);
const AT_ONCE = 100;

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
}

/** The n-th of all requests says in its id who sent it, so that log lines can be checked too. */
function caller(n: number): Sent {
  const { user, tenant } = callers[n % callers.length]!;
  return { requestId: `${tenant}.${user}.${n}`, correlationId: `conversation-${n}`, user, tenant };
}

function identity({ requestId, correlationId, user, tenant }: Sent) {
  return { ...as(user, tenant), 'x-request-id': requestId, 'x-correlation-id': correlationId };
}

async function eachAtOnce<T>(items: T[], fn: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await fn(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

describe.each(['express', 'fastify'])(
  `${REQUESTS} overlapping requests to the running sample on %s`,
  (adapter) => {
    const crossed: string[] = [];
    const orders = new Map<string, Sent>();
    let sample: RunningSample;
    let client: DeskClient;
    let answers = 0;

    function expectSame(sent: Sent, what: string, seen: unknown, expected: unknown): void {
      if (seen !== expected)
        crossed.push(`${sent.requestId}: ${what} is ${String(seen)}, not ${String(expected)}`);
    }

    function expectOwnIds(sent: Sent, answer: DeskAnswer, status: number): void {
      answers += 1;
      expectSame(sent, 'status', answer.status, status);
      expectSame(sent, 'x-request-id', answer.headers['x-request-id'], sent.requestId);
      expectSame(sent, 'x-correlation-id', answer.headers['x-correlation-id'], sent.correlationId);
    }

    const kinds = [
      async (sent: Sent) => {
        const answer = await client.send('/whoami', { headers: identity(sent) });
        expectOwnIds(sent, answer, 200);
        for (const key of ['requestId', 'correlationId', 'tenant', 'user'] as const) {
          expectSame(sent, key, answer.body[key], sent[key]);
        }
        expectSame(sent, 'role', answer.body.role, 'clerk');
      },
      async (sent: Sent) => {
        const body = { item: sent.requestId, quantity: 1 };
        const answer = await client.send('/orders', { method: 'POST', headers: identity(sent), body });
        expectOwnIds(sent, answer, 201);
        expectSame(sent, 'item', answer.body.item, sent.requestId);
        expectSame(sent, 'tenant', answer.body.tenant, sent.tenant);
        expectSame(sent, 'placedBy', answer.body.placedBy, sent.user);
        orders.set(answer.body.id, sent);
      },
      async (sent: Sent) => {
        const answer = await client.send('/orders', { headers: identity(sent) });
        expectOwnIds(sent, answer, 200);
        for (const order of answer.body) expectSame(sent, `tenant of ${order.id}`, order.tenant, sent.tenant);
      },
    ];

    beforeAll(async () => {
      sample = await startSample({ ADAPTER: adapter });
      client = new DeskClient(sample.address, AT_ONCE);
    });

    afterAll(async () => {
      client?.close();
      await sample?.stop();
    });

    it('gives each caller its own ids, tenant and user, and only orders of its tenant', async () => {
      const numbers = Array.from({ length: REQUESTS }, (_, n) => n);
      await eachAtOnce(numbers, (n) => kinds[Math.floor(n / callers.length) % kinds.length]!(caller(n)));
      expect(crossed).toEqual([]);
      expect(answers).toBe(REQUESTS);
      expect(client.sockets.size).toBeLessThanOrEqual(AT_ONCE);
    }, 60_000);

    it('has written each receipt in the context of the request that placed the order', async () => {
      const before = answers;
      await eachAtOnce([...orders], async ([orderId, placed]) => {
        const sent: Sent = { ...placed, requestId: `${placed.requestId}.receipt` };
        let answer = await client.send(`/receipts/${orderId}`, { headers: identity(sent) });
        // Where there are many, one may take longer than a request waits for it.
        while (answer.status === 202) {
          answer = await client.send(`/receipts/${orderId}`, { headers: identity(sent) });
        }
        expectOwnIds(sent, answer, 200);
        for (const key of ['requestId', 'tenant', 'user'] as const) {
          expectSame(sent, `${key} of the receipt`, answer.body[key], placed[key]);
        }
        expectSame(sent, 'role of the receipt', answer.body.role, 'none');
      });
      expect(crossed).toEqual([]);
      expect(answers - before).toBe(orders.size);
      expect(orders.size).toBe(REQUESTS / 3);
    }, 60_000);

    it('has lost no order, and gave none to the other tenant', async () => {
      for (const { user, tenant } of callers) {
        const { body } = await client.send('/orders', { headers: as(user, tenant) });
        const placed = [...orders].filter(([, sent]) => sent.tenant === tenant).map(([id]) => id);
        expect(body.map(({ id }: { id: string }) => id).sort()).toEqual(placed.sort());
      }
    });

    it('has logged every line with the tenant and user of its request', () => {
      const lines = sample.process.stdout.filter((line) => / requestId=\w+\.\w+\.\d+ .* tenant=/.test(line));
      const wrong = lines.filter(
        (line) => !/ requestId=(\w+)\.(\w+)\.[\w.]+ .* tenant=\1 user=\2( |$)/.test(line),
      );
      expect(wrong).toEqual([]);
      expect(lines.length).toBeGreaterThan(REQUESTS);
    });
  },
);
