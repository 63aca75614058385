import { demoToken } from '../../sample-app/src/identity/demo-tokens.js';
import { as, DeskClient, type DeskRequest } from './desk-client.js';
import { type RunningSample, startSample } from './running-sample.js';

const ada = as('ada', 'acme');
const bob = as('bob', 'acme');
const cleo = as('cleo', 'globex');
const flo = as('flo', 'acme');
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe.each(['express', 'fastify'])('the routes of the running sample on %s', (adapter) => {
  let sample: RunningSample;
  let client: DeskClient;

  beforeAll(async () => {
    sample = await startSample({ ADAPTER: adapter });
    client = new DeskClient(sample.address, 10);
  });

  afterAll(async () => {
    client?.close();
    await sample?.stop();
  });

  async function placeOrder(headers = ada): Promise<string> {
    const { body } = await client.send('/orders', {
      method: 'POST',
      headers,
      body: { item: 'tea', quantity: 2 },
    });
    return body.id;
  }

  describe('GET /health', () => {
    it('answers without an identity', async () => {
      expect(await client.send('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    });
  });

  describe('GET /whoami', () => {
    it('knows the caller and the ids that it sent', async () => {
      const headers = { ...ada, 'x-request-id': 'request.1', 'x-correlation-id': 'conversation_1' };
      const answer = await client.send('/whoami', { headers });
      const ids = { requestId: 'request.1', correlationId: 'conversation_1' };
      expect(answer.body).toEqual({ ...ids, tenant: 'acme', user: 'ada', role: 'clerk' });
      expect(answer.headers).toMatchObject({
        'x-request-id': 'request.1',
        'x-correlation-id': 'conversation_1',
      });
    });

    it('makes the ids where the caller sent none', async () => {
      const { body, headers } = await client.send('/whoami', { headers: cleo });
      expect(body).toMatchObject({ requestId: expect.stringMatching(UUID), tenant: 'globex', user: 'cleo' });
      expect(body.correlationId).toBe(body.requestId);
      expect(headers['x-request-id']).toBe(body.requestId);
    });

    it.each(['', 'with space', 'semi;colon', 'a'.repeat(129)])('replaces the unusable id %j', async (id) => {
      const { body } = await client.send('/whoami', {
        headers: { ...ada, 'x-request-id': id, 'x-correlation-id': id },
      });
      expect(body).toMatchObject({ requestId: expect.stringMatching(UUID), correlationId: body.requestId });
    });
  });

  describe('/orders', () => {
    it('places an order for the tenant and user of the context', async () => {
      const body = { item: '  tea ', quantity: 2, tenant: 'globex', id: 'mine' };
      const answer = await client.send('/orders', { method: 'POST', headers: ada, body });
      expect(answer.status).toBe(201);
      const id = expect.stringMatching(/^order-\d+$/);
      const rest = { tenant: 'acme', placedBy: 'ada', status: 'placed' };
      expect(answer.body).toEqual({ id, item: 'tea', quantity: 2, ...rest });
    });

    it('lists the orders of the tenant, whoever placed them, and no others', async () => {
      const ours = [await placeOrder(ada), await placeOrder(bob)];
      const theirs = await placeOrder(cleo);
      const ids = async (headers: typeof ada) =>
        (await client.send('/orders', { headers })).body.map(({ id }: { id: string }) => id);
      expect(await ids(ada)).toEqual(expect.arrayContaining(ours));
      expect(await ids(ada)).not.toContain(theirs);
      expect(await ids(cleo)).toContain(theirs);
      expect(await ids(cleo)).not.toContain(ours[0]);
    });

    it.each<[string, object | string]>([
      ['no item', { quantity: 1 }],
      ['an empty item', { item: '', quantity: 1 }],
      ['an item of blanks', { item: '  ', quantity: 1 }],
      ['an item that is no text', { item: 7, quantity: 1 }],
      ['an item that is too long', { item: 'a'.repeat(101), quantity: 1 }],
      ['no quantity', { item: 'tea' }],
      ['quantity 0', { item: 'tea', quantity: 0 }],
      ['a negative quantity', { item: 'tea', quantity: -1 }],
      ['half a piece', { item: 'tea', quantity: 1.5 }],
      ['a quantity that is too large', { item: 'tea', quantity: 1e9 }],
      ['a quantity as text', { item: 'tea', quantity: '1' }],
      ['an array', []],
      ['nothing but null', 'null'],
      ['broken JSON', '{"item": "tea", '],
      ['something else than JSON', 'tea'],
      ['an empty text', ''],
    ])('refuses a body with %s', async (_title, body) => {
      const headers = { ...ada, 'content-type': 'application/json', 'x-request-id': 'refused' };
      const answer = await client.send('/orders', { method: 'POST', headers, body });
      expect(answer.body).toMatchObject({ statusCode: 400, error: 'Bad Request', requestId: 'refused' });
      expect(answer.status).toBe(400);
    });

    it.each([
      ['text/xml', '<order/>'],
      ['text/plain', 'tea'],
      ['application/x-www-form-urlencoded', 'item=tea&quantity=1'],
    ])('refuses a body of type %s', async (type, body) => {
      const headers = { ...ada, 'content-type': type, 'x-request-id': 'typed' };
      const answer = await client.send('/orders', { method: 'POST', headers, body });
      expect(answer).toMatchObject({ status: 415, body: { statusCode: 415, requestId: 'typed' } });
    });

    it('refuses a body that is too large', async () => {
      const headers = { ...ada, 'x-request-id': 'large' };
      const body = { item: 'a'.repeat(2_000_000), quantity: 1 };
      const answer = await client.send('/orders', { method: 'POST', headers, body });
      expect(answer).toMatchObject({ status: 413, body: { statusCode: 413, requestId: 'large' } });
    });
  });

  describe('GET /receipts/:orderId', () => {
    it('shows what the background job saw: the request that placed the order', async () => {
      const headers = { ...ada, 'x-request-id': 'placing' };
      const order = await client.send('/orders', {
        method: 'POST',
        headers,
        body: { item: 'tea', quantity: 2 },
      });
      const orderId = order.body.id;
      const receipt = await client.send(`/receipts/${orderId}`, {
        headers: { ...bob, 'x-request-id': 'reading' },
      });
      const seen = { requestId: 'placing', tenant: 'acme', user: 'ada', role: 'none' };
      expect(receipt).toMatchObject({ status: 200, body: { orderId, status: 'written', ...seen } });
    });

    it('has none of another tenant, and none of an order that does not exist', async () => {
      const orderId = await placeOrder(ada);
      for (const [path, headers] of [
        [`/receipts/${orderId}`, cleo],
        ['/receipts/order-0', ada],
      ] as const) {
        const answer = await client.send(path, { headers });
        expect(answer).toMatchObject({ status: 404, body: { statusCode: 404, error: 'Not Found' } });
      }
    });
  });

  describe('POST /orders/:id/refund', () => {
    const refund = (orderId: string, headers = ada) =>
      client.send(`/orders/${orderId}/refund`, { method: 'POST', headers });

    it('lets the ledger write, while the audit beside it has the role of the caller', async () => {
      const orderId = await placeOrder();
      const ledger = { orderId, quantity: -2, role: 'ledger-writer' };
      const audit = { role: 'clerk', seen: ['clerk', 'clerk', 'clerk', 'clerk'] };
      const answer = await refund(orderId);
      expect(answer).toMatchObject({
        status: 200,
        body: { orderId, ledger, audit, after: { role: 'clerk' } },
      });
      const { body: orders } = await client.send('/orders', { headers: ada });
      expect(orders).toContainEqual(expect.objectContaining({ id: orderId, status: 'refunded' }));
    });

    it('takes an empty body that says it is JSON', async () => {
      const orderId = await placeOrder();
      const headers = { ...ada, 'content-type': 'application/json' };
      expect(await refund(orderId, headers)).toMatchObject({ status: 200, body: { orderId } });
    });

    it('refunds an order once, however many ask at once', async () => {
      const orderId = await placeOrder();
      const answers = await Promise.all([refund(orderId), refund(orderId, bob), refund(orderId)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
      expect(await refund(orderId)).toMatchObject({
        status: 409,
        body: { statusCode: 409, error: 'Conflict' },
      });
    });

    it('does not know the orders of another tenant, nor those that do not exist', async () => {
      const orderId = await placeOrder();
      expect(await refund(orderId, cleo)).toMatchObject({ status: 404, body: { statusCode: 404 } });
      expect(await refund('order-0')).toMatchObject({ status: 404, body: { statusCode: 404 } });
      expect(await refund(orderId)).toMatchObject({ status: 200 });
    });
  });

  describe('POST /orders/:id/refund/detached', () => {
    it('is refused in the background, and the audit says so beside what was done', async () => {
      const orderId = await placeOrder();
      const post = (path: string, id: string) =>
        client.send(path, {
          method: 'POST',
          headers: { ...ada, 'x-request-id': id, 'x-correlation-id': 'c' },
        });
      expect(await post(`/orders/${orderId}/refund/detached`, 'left')).toMatchObject({ status: 202 });
      const { body: orders } = await client.send('/orders', { headers: ada });
      expect(orders).toContainEqual(expect.objectContaining({ id: orderId, status: 'placed' }));
      expect(await post(`/orders/${orderId}/refund`, 'done')).toMatchObject({ status: 200 });
      const { body: audit } = await client.send('/audit', { headers: flo });
      const of = (requestId: string) =>
        audit.filter((entry: { requestId: string }) => entry.requestId === requestId);
      const both = { user: 'ada', correlationId: 'c', action: 'refund', subject: orderId };
      expect(of('left')).toEqual([
        expect.objectContaining({ ...both, role: 'none', outcome: 'refused', reason: 'ERR_SCOPE_ENDED' }),
      ]);
      expect(of('done')).toEqual([
        expect.objectContaining({ ...both, role: 'ledger-writer', outcome: 'done', reason: null }),
      ]);
    });
  });

  describe('GET /audit', () => {
    it('is for auditors, of their own tenant', async () => {
      const orderId = await placeOrder(cleo);
      await client.send(`/orders/${orderId}/refund`, { method: 'POST', headers: cleo });
      expect(await client.send('/audit', { headers: ada })).toMatchObject({ status: 403 });
      const subjects = async (headers: typeof ada) =>
        (await client.send('/audit', { headers })).body.map(({ subject }: { subject: string }) => subject);
      expect(await subjects(as('gus', 'globex'))).toContain(orderId);
      expect(await subjects(flo)).not.toContain(orderId);
    });
  });

  describe('an auditor', () => {
    it.each<[string, string]>([
      ['/orders', 'POST'],
      ['/orders/order-1/refund', 'POST'],
      ['/invoices/order-1', 'POST'],
    ])('may not %s', async (path, method) => {
      const answer = await client.send(path, { method, headers: flo, body: { item: 'tea', quantity: 1 } });
      expect(answer).toMatchObject({ status: 403, body: { message: 'This is for the role clerk' } });
    });

    it('may read what the tenant has', async () => {
      expect((await client.send('/whoami', { headers: flo })).body).toMatchObject({
        user: 'flo',
        role: 'auditor',
      });
      expect((await client.send('/orders', { headers: flo })).status).toBe(200);
    });
  });

  describe('a token', () => {
    const bearing = (token: string, tenant = 'initech') => ({
      authorization: `Bearer ${token}`,
      'x-tenant': tenant,
      'x-request-id': 'token',
    });

    it('says who is asking, of whatever tenant', async () => {
      const token = await demoToken({ name: 'ivy', tenant: 'initech', role: 'clerk' });
      const { body } = await client.send('/whoami', { headers: bearing(token) });
      expect(body).toMatchObject({ tenant: 'initech', user: 'ivy', role: 'clerk' });
      expect((await client.send('/orders', { headers: bearing(token) })).body).toEqual([]);
    });

    it('is for its own tenant, until it expires', async () => {
      const ivy = { name: 'ivy', tenant: 'initech', role: 'clerk' } as const;
      const answer = await client.send('/whoami', { headers: bearing(await demoToken(ivy), 'acme') });
      expect(answer.status).toBe(403);
      const expired = await demoToken(ivy, 'order-desk', { exp: 1 });
      expect(await client.send('/whoami', { headers: bearing(expired) })).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
        body: { message: 'The token has expired', requestId: 'token' },
      });
    });
  });

  describe('GET /orders?last', () => {
    it('lists the last ones, as they were placed', async () => {
      const ids = [await placeOrder(), await placeOrder(), await placeOrder()];
      const { body } = await client.send('/orders?last=2', { headers: ada });
      expect(body.map(({ id }: { id: string }) => id)).toEqual(ids.slice(1));
    });

    it.each(['0', '-1', '1.5', 'all', '1001', ''])('refuses %j', async (last) => {
      const { status } = await client.send(`/orders?last=${last}`, { headers: ada });
      expect(status).toBe(400);
    });
  });

  describe.each<[string, DeskRequest]>([
    ['/whoami', {}],
    ['/orders', {}],
    ['/orders', { method: 'POST', body: { item: 'tea', quantity: 1 } }],
    ['/receipts/order-1', {}],
    ['/orders/order-1/refund', { method: 'POST' }],
    ['/statement', {}],
  ])('%s %j', (path, request) => {
    it.each<[string, number, object]>([
      ['no user', 401, { 'x-tenant': 'acme' }],
      ['an unknown user', 401, as('eve', 'acme')],
      ['another kind of authorization', 401, { authorization: 'Basic YWRhOg==', 'x-tenant': 'acme' }],
      ['no tenant', 400, { authorization: 'Bearer ada' }],
      ['a user of another tenant', 403, as('ada', 'globex')],
      ['an unknown tenant', 403, as('ada', 'initech')],
    ])('refuses %s with %i', async (_title, statusCode, headers) => {
      const answer = await client.send(path, {
        ...request,
        headers: { ...headers, 'x-request-id': 'stranger' },
      });
      expect(answer.status).toBe(statusCode);
      expect(answer.body).toEqual({
        statusCode,
        message: expect.any(String),
        error: expect.any(String),
        requestId: 'stranger',
      });
    });
  });

  it.each([
    ['/nowhere', 'GET', 404],
    ['/orders', 'DELETE', 404],
    ['/receipts', 'GET', 404],
    ['/receipts/%zz', 'GET', 400],
  ])('answers %s %s with %i as JSON with the request id', async (path, method, statusCode) => {
    const answer = await client.send(path, { method, headers: { ...ada, 'x-request-id': 'lost' } });
    expect(answer.headers).toMatchObject({ 'x-request-id': 'lost', 'content-type': /^application\/json/ });
    expect(answer).toMatchObject({ status: statusCode, body: { statusCode, requestId: 'lost' } });
  });
});
