import { extractContext, runUnitOfWork } from 'nestjs-contextvars';
import { adapters } from '../../nest/http/support/adapters.js';
import { until } from '../../nest/http/support/until.js';
import { Output, restoreNestLogger } from '../../nest/logging/support/output.js';
import { type RunningApp, startApp, stopApps } from '../../nest/module/support/running-app.js';
import { Looker, type SeenRequest } from './support/looker.js';
import { role, shop } from './support/shop.js';

let output: Output;

beforeEach(() => {
  output = new Output();
});
afterEach(async () => {
  await stopApps();
  output.release();
  restoreNestLogger();
});

const post = (app: RunningApp, path: string, headers: Record<string, string> = {}) =>
  app.send({ method: 'POST', path, headers });

describe.each(adapters)('on %s, somebody who looks sees', (adapter) => {
  let app: RunningApp;
  let looker: Looker;

  beforeEach(async () => {
    app = await startApp(adapter, shop({ inspector: { enabled: true } }));
    looker = await Looker.at(app.port);
  });

  test('a request: what it asked for, who asked, how and when it ended', async () => {
    const before = Date.now();
    const answer = await post(app, '/orders?token=abc', { 'x-tenant': 'umbrella', 'x-user': 'bob' });
    const seen = await looker.over('/orders');
    expect(seen).toMatchObject({
      kind: 'http',
      method: 'POST',
      requestId: answer.headers['x-request-id'],
      status: 201,
      outcome: 'completed',
      unseen: false,
      fields: { tenant: 'umbrella', user: 'bob' },
      leftOut: { entries: 0, lines: 0 },
    });
    expect(seen.durationMs).toBeGreaterThan(13);
    expect((seen as unknown as { startedAt: number }).startedAt).toBeGreaterThanOrEqual(before);
    // Where tokens are.
    expect(looker.text).not.toContain('abc');
  });

  test('its tasks and scoped instances, when they began and ended, and what was disposed of', async () => {
    await post(app, '/orders');
    const { durationMs = 0, entries } = await looker.over('/orders');
    expect(entries).toMatchObject([
      { type: 'instance', name: 'Cart', outcome: 'disposed' },
      { type: 'unit', kind: 'task', name: 'receipt', outcome: 'completed' },
    ]);
    const [cart, receipt] = entries;
    // Disposal begins at the end of the request and takes 2 ms; the task goes on after it.
    expect(cart?.endMs).toBeGreaterThan(durationMs);
    expect(receipt?.endMs).toBeGreaterThan(durationMs);
    expect(receipt?.startMs).toBeGreaterThan(7);
  });

  test('a temporary role: what it was, and from when to when', async () => {
    await post(app, '/orders/7/refund');
    const { durationMs = 0, entries } = await looker.over('/orders/7/refund');
    expect(entries).toMatchObject([
      {
        type: 'scope',
        name: 'Ledger.refund',
        bindings: [{ name: 'role', value: 'ledger-writer' }, { name: 'password' }],
        outcome: 'ended',
      },
    ]);
    const { startMs, endMs = 0 } = entries[0] as (typeof entries)[number];
    expect(startMs).toBeGreaterThan(5);
    expect(endMs - startMs).toBeGreaterThan(20);
    expect(endMs).toBeLessThan(durationMs);
  });

  test('never the value of a secret variable', async () => {
    await post(app, '/orders/7/refund');
    await looker.over('/orders/7/refund');
    expect(looker.text).toContain('"password"');
    expect(looker.text).not.toContain('hunter2');
  });

  test('its log lines, each in the scope or task that wrote it', async () => {
    await post(app, '/orders/7/refund');
    const { lines, entries } = await looker.over('/orders/7/refund');
    expect(lines).toMatchObject([
      { level: 'log', context: 'Shop', text: 'asks the bank' },
      { level: 'warn', context: 'Ledger', text: 'refunds order 7', parent: entries[0]?.id },
    ]);
    expect(lines[0]).not.toHaveProperty('parent');
    await post(app, '/orders');
    const order = await looker.over('/orders');
    expect(order.lines.find(({ text }) => text.startsWith('renders'))?.parent).toBe(
      order.entries.find(({ name }) => name === 'receipt')?.id,
    );
  });

  test('scopes in scopes, and tasks in scopes, as a tree', async () => {
    await app.get('/nested');
    const { entries } = await looker.over('/nested');
    const shown = entries.map(({ id, parent, type, name, bindings }) => [
      id,
      parent,
      type,
      name,
      bindings?.[0]?.value,
    ]);
    expect(shown).toEqual([
      [0, undefined, 'scope', undefined, 'outer'],
      [1, 0, 'scope', undefined, 'inner'],
      [2, 0, 'unit', 'beside', undefined],
    ]);
  });

  test('errors, of tasks and of the request', async () => {
    await app.get('/fails');
    const { entries, lines, ...seen } = await looker.over('/fails');
    expect(seen).toMatchObject({ status: 500, outcome: 'failed' });
    expect(lines).toMatchObject([{ level: 'error', text: expect.stringContaining('all is lost') }]);
    expect(entries).toMatchObject([
      { name: 'doomed', outcome: 'failed', error: 'RangeError: no such order' },
    ]);
    await app.get('/secret');
    expect(await looker.over('/secret')).toMatchObject({ status: 401 });
    await app.get('/nowhere');
    expect(await looker.over('/nowhere')).toMatchObject({ status: 404 });
  });

  test('that a client went away', async () => {
    const aborted = new AbortController();
    const left = fetch(`http://127.0.0.1:${app.port}/slow`, { signal: aborted.signal }).catch(() => 'left');
    await until('it is seen', () => looker.requests.some(({ title }) => title === '/slow'));
    expect(looker.requests.at(-1)).toMatchObject({ title: '/slow' });
    expect(looker.requests.at(-1)).not.toHaveProperty('outcome');
    aborted.abort();
    expect(await left).toBe('left');
    expect(await looker.over('/slow')).toMatchObject({ outcome: 'aborted' });
  });

  test('overlapping requests, each with what is its own', async () => {
    const tenants = Array.from({ length: 20 }, (_, i) => `tenant-${i}`);
    await Promise.all(
      tenants.map((name, i) =>
        post(app, i % 2 === 0 ? '/orders' : `/orders/${i}/refund`, {
          'x-tenant': name,
          'x-user': `user-${i}`,
        }),
      ),
    );
    await until('all are over', () => looker.requests.filter(isOver).length === tenants.length);
    for (const [i, name] of tenants.entries()) {
      const own = looker.requests.filter(({ fields }) => fields.tenant === name);
      expect(own).toHaveLength(1);
      const [seen] = own as [SeenRequest];
      expect(seen.fields.user).toBe(`user-${i}`);
      expect(seen.entries.map((one) => one.name)).toEqual(
        i % 2 === 0 ? ['Cart', 'receipt'] : ['Ledger.refund'],
      );
      expect(seen.lines.map(({ text }) => text)).toEqual(
        i % 2 === 0
          ? ['places an order of pen', 'renders the receipt of pen']
          : ['asks the bank', `refunds order ${i}`],
      );
    }
  });

  test('a job that was queued by it and is done later, with what began in that', async () => {
    const carrier = JSON.parse((await app.get('/carrier')).text) as Record<string, string>;
    const { key } = await looker.over('/carrier');
    await app.get('/tick');
    const context = extractContext(carrier);
    await runUnitOfWork({ kind: 'job', name: 'receipts', context }, () =>
      role.run('ledger-writer', () => Promise.resolve()),
    );
    await until('the job is seen', () => jobOf(looker)?.outcome === 'completed');
    const request = looker.requests.find((one) => one.key === key);
    expect(request?.entries).toMatchObject([
      { id: 0, type: 'unit', kind: 'job', name: 'receipts' },
      { parent: 0, type: 'scope', bindings: [{ name: 'role', value: 'ledger-writer' }] },
    ]);
    expect(looker.requests).toHaveLength(2);
  });

  test('work that no request has begun, in a row of its own', async () => {
    runUnitOfWork({ kind: 'cron', name: 'nightly' }, () => undefined);
    expect(await looker.over('nightly')).toMatchObject({ kind: 'cron', outcome: 'completed' });
  });

  test('not its own requests, also where one comes in while it is looked at', async () => {
    await app.get('/inspector');
    await app.get('/inspector/page.js');
    const other = await Looker.at(app.port);
    await app.get('/tick');
    await looker.over('/tick');
    expect(looker.requests.map(({ title }) => title)).not.toContainEqual(
      expect.stringContaining('inspector'),
    );
    await other.leave();
  });
});

function jobOf(looker: Looker) {
  return looker.requests.flatMap(({ entries }) => entries).find(({ kind }) => kind === 'job');
}

function isOver({ durationMs, entries }: SeenRequest): boolean {
  return durationMs !== undefined && entries.every(({ endMs }) => endMs !== undefined);
}
