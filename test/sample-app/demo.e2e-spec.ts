import { SampleProcess } from './running-sample.js';

const tenants: Record<string, string> = { ada: 'acme', bob: 'acme', cleo: 'globex', dan: 'globex' };
const users = Object.keys(tenants);

describe.each(['express', 'fastify'])('the demo on %s', (ADAPTER) => {
  it('ends by itself with 0 and says what it showed', async () => {
    const { code, stdout, stderr } = await new SampleProcess('demo.js', { ADAPTER }).ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.join('\n')).toContain(
      'all 32 answers carried the request id, tenant and user of their own caller',
    );
  });

  it('prints lines of different requests in turn, each with the tenant and user of its request', async () => {
    const { stdout } = await new SampleProcess('demo.js', { ADAPTER }).ended();
    const lines = stdout.filter((line) => line.includes(' request='));
    const seen = lines.map((line) => / request=(\w+)-\d+ tenant=(\w+) user=\1 /.exec(line));
    for (const user of seen) expect(user?.[2]).toBe(tenants[user?.[1] ?? '']);
    const turns = seen.filter((user, i) => user?.[1] !== seen[i - 1]?.[1]);
    expect(turns.length).toBeGreaterThan(10);
  });

  it('looks up the prices of each statement at once', async () => {
    const { stdout } = await new SampleProcess('demo.js', { ADAPTER }).ended();
    const lookUps = stdout
      .filter((line) => /\[PriceConnection\] .* looks up /.test(line))
      .map((line) => line.replace(/^.* user=(\w+) .* (looks up .*)$/, '$1 $2'));
    expect(lookUps.sort()).toEqual(users.map((user) => `${user} looks up 2 prices as clerk`));
  });
});
