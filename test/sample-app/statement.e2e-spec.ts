import { demoToken } from '../../sample-app/src/identity/demo-tokens.js';
import { share } from '../support/share.js';
import { as, DeskClient } from './desk-client.js';
import { type RunningSample, startSample } from './running-sample.js';

const STATEMENTS = share(400);
const AT_ONCE = 100;
const CONNECTIONS = 4;

const callers = [
  { user: 'ada', tenant: 'acme' },
  { user: 'bob', tenant: 'acme' },
  { user: 'cleo', tenant: 'globex' },
  { user: 'dan', tenant: 'globex' },
];

const wanted: Record<string, [item: string, quantity: number, price: number | null][]> = {
  acme: [
    ['tea', 2, 450],
    ['ink', 1, 1200],
    ['tea', 3, 450],
    ['paper', 10, 700],
    ['stamps', 1, null],
  ],
  globex: [
    ['tea', 1, 520],
    ['stamps', 2, 1600],
    ['tea', 4, 520],
  ],
};
const totals: Record<string, number> = { acme: 10_450, globex: 5_800 };

interface LogLine {
  readonly requestId: string;
  readonly user: string;
  readonly connection: string;
  readonly text: string;
}

/** What the connections said, in the order in which they said it. */
function connectionLines(stdout: readonly string[]): LogLine[] {
  const line = / \[PriceConnection\] connection (\d+) (.*) requestId=(\S+) .* user=(\w+)( |$)/;
  return stdout.flatMap((printed) => {
    const [, connection = '', text = '', requestId = '', user = ''] = line.exec(printed) ?? [];
    return text === '' ? [] : [{ requestId, user, connection, text }];
  });
}

describe.each(['express', 'fastify'])('the statements of the running sample on %s', (adapter) => {
  const lines: Record<string, object[]> = { acme: [], globex: [] };
  let sample: RunningSample;
  let client: DeskClient;

  const statement = (user: string, tenant: string, requestId: string) =>
    client.send('/statement', { headers: { ...as(user, tenant), 'x-request-id': requestId } });

  beforeAll(async () => {
    sample = await startSample({ ADAPTER: adapter });
    client = new DeskClient(sample.address, AT_ONCE);
    for (const { user, tenant } of [callers[0]!, callers[2]!]) {
      for (const [item, quantity, price] of wanted[tenant]!) {
        const headers = as(user, tenant);
        const { body } = await client.send('/orders', { method: 'POST', headers, body: { item, quantity } });
        const amount = price === null ? null : price * quantity;
        lines[tenant]!.push({ orderId: body.id, item, quantity, price, amount });
      }
    }
  });

  afterAll(async () => {
    client?.close();
    await sample?.stop();
  });

  it.each(callers)('are those of the orders of $tenant at its prices for $user', async ({ user, tenant }) => {
    const { status, body } = await statement(user, tenant, `single.${user}`);
    expect(status).toBe(200);
    expect(body).toEqual({ tenant, user, lines: lines[tenant], total: totals[tenant] });
  });

  it('are empty for a tenant without orders, and leave out what is refunded', async () => {
    const token = await demoToken({ name: 'ivy', tenant: 'initech', role: 'clerk' });
    const headers = { authorization: `Bearer ${token}`, 'x-tenant': 'initech', 'x-request-id': 'single.ivy' };
    const send = (method: string, path: string, body?: object) =>
      client.send(path, { method, headers, ...(body && { body }) });
    const empty = { tenant: 'initech', user: 'ivy', lines: [], total: 0 };
    expect((await send('GET', '/statement')).body).toEqual(empty);
    const { id: orderId } = (await send('POST', '/orders', { item: 'tea', quantity: 1 })).body;
    const line = { orderId, item: 'tea', quantity: 1, price: null, amount: null };
    expect((await send('GET', '/statement')).body).toEqual({ ...empty, lines: [line] });
    await send('POST', `/orders/${orderId}/refund`);
    expect((await send('GET', '/statement')).body).toEqual(empty);
  });

  it('give their connection back when the client has gone away', async () => {
    const left = new AbortController();
    const gone = Array.from({ length: 5 * CONNECTIONS }, (_, n) => {
      const headers = { ...as('bob', 'acme'), 'x-request-id': `gone.${n}` } as Record<string, string>;
      return fetch(`${sample.address}/statement`, { headers, signal: left.signal }).catch(() => undefined);
    });
    // One is answered, so the others are on their way.
    await Promise.any(gone);
    left.abort();
    await Promise.all(gone);
    const { status, body } = await statement('cleo', 'globex', 'after');
    expect({ status, total: body.total }).toEqual({ status: 200, total: totals.globex });
  });

  it(`never mix: ${STATEMENTS} of four users, up to ${AT_ONCE} at once`, async () => {
    const crossed: string[] = [];
    const numbers = Array.from({ length: STATEMENTS }, (_, n) => n).values();
    const worker = async () => {
      for (const n of numbers) {
        const { user, tenant } = callers[n % callers.length]!;
        const { body } = await statement(user, tenant, `overlap.${user}.${n}`);
        const expected = { tenant, user, lines: lines[tenant], total: totals[tenant] };
        if (JSON.stringify(body) !== JSON.stringify(expected))
          crossed.push(`${user} ${JSON.stringify(body)}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(crossed).toEqual([]);
  }, 60_000);

  it('have each looked up their prices once, on a connection that was theirs until it went back', async () => {
    client.close();
    await sample.stop();
    const said = connectionLines(sample.process.stdout);
    const lookUps = new Map<string, string[]>();
    const lentTo = new Map<string, string>();
    const wrong: string[] = [];
    for (const { requestId, user, connection, text } of said) {
      if (text === 'goes back') {
        const owner = lentTo.get(connection);
        // A client that has gone away may be gone before anything was looked up.
        if (owner !== undefined && owner !== requestId) wrong.push(`${requestId} gave back that of ${owner}`);
        lentTo.delete(connection);
        continue;
      }
      if (lentTo.has(connection)) wrong.push(`${requestId} used that of ${lentTo.get(connection)}`);
      lentTo.set(connection, requestId);
      lookUps.set(requestId, [...(lookUps.get(requestId) ?? []), `${user} ${text}`]);
    }
    expect(wrong).toEqual([]);
    expect([...lentTo]).toEqual([]);
    for (let n = 0; n < STATEMENTS; n += 1) {
      const { user, tenant } = callers[n % callers.length]!;
      const items = new Set(wanted[tenant]!.map(([item]) => item)).size;
      expect(lookUps.get(`overlap.${user}.${n}`)).toEqual([`${user} looks up ${items} prices as clerk`]);
    }
    expect(new Set(said.map(({ connection }) => connection)).size).toBe(CONNECTIONS);
    // The requests that placed the orders had no need of one.
    expect(said.filter(({ requestId }) => !/^(single|gone|after|overlap)/.test(requestId))).toEqual([]);
  });
});
