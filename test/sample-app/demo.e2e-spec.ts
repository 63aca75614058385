import { rmSync } from 'node:fs';
import { preparedFolder } from './prepared-folder.js';
import { type Ended, SampleProcess } from './running-sample.js';

const tenants: Record<string, string> = { ada: 'acme', bob: 'acme', cleo: 'globex', dan: 'globex' };
const users = Object.keys(tenants);

describe.each(['express', 'fastify'])('the demo on %s', (ADAPTER) => {
  let demo: Ended;

  beforeAll(async () => {
    const DATA_DIR = await preparedFolder();
    demo = await new SampleProcess('demo.js', { ADAPTER, DATA_DIR }).ended();
    rmSync(DATA_DIR, { recursive: true });
  }, 60_000);

  it('ends by itself with 0 and says what it showed', () => {
    const { code, stdout, stderr } = demo;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.join('\n')).toContain(
      'all 32 answers carried the request id, tenant and user of their own caller',
    );
  });

  it('prints lines of different requests in turn, each with the tenant and user of its request', () => {
    const { stdout } = demo;
    const lines = stdout.filter((line) => line.includes(' tenant='));
    const seen = lines.map((line) => / requestId=(\w+)-\d+ .* tenant=(\w+) user=\1 ?/.exec(line));
    for (const user of seen) expect(user?.[2]).toBe(tenants[user?.[1] ?? '']);
    const turns = seen.filter((user, i) => user?.[1] !== seen[i - 1]?.[1]);
    expect(turns.length).toBeGreaterThan(10);
  });

  it('looks up the prices of each statement at once', () => {
    const { stdout } = demo;
    const lookUps = stdout
      .filter((line) => /\[PriceConnection\] .* looks up /.test(line))
      .map((line) => line.replace(/^.* (looks up .* as \w+) .* user=(\w+) .*$/, '$2 $1'));
    expect(lookUps.sort()).toEqual(users.map((user) => `${user} looks up 2 prices as clerk`));
  });

  it('prints the spans of a request, what it does at once and what it leaves running each under its own', () => {
    const { stdout } = demo;
    const from = (requestId: string) => stdout.indexOf(`The spans of ${requestId}:`);
    const names = (requestId: string, count: number) =>
      stdout
        .slice(from(requestId) + 1, from(requestId) + 1 + count)
        .map((line) => line.replace(/ {2}[\d.]+ ms$/, ''));
    expect(names('ada-2', 3)).toEqual([
      '  POST /orders',
      '    OrdersService.place',
      '      ReceiptWriter.write',
    ]);
    const [request, refund, ...both] = names('ada-6', 4);
    expect([request?.replace(/order-\d+/, 'order'), refund]).toEqual([
      '  POST /orders/order/refund',
      '    RefundsService.refund',
    ]);
    // They begin in the same millisecond, which is what a span says of its beginning.
    expect(both.sort()).toEqual(['      AuditService.read', '      LedgerService.credit']);
  });
});
