import { SampleProcess } from './running-sample.js';

describe.each(['express', 'fastify'])('the demo on %s', (ADAPTER) => {
  it('ends by itself with 0 and says what it showed', async () => {
    const { code, stdout, stderr } = await new SampleProcess('demo.js', { ADAPTER }).ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.join('\n')).toContain(
      'all 28 answers carried the request id, tenant and user of their own caller',
    );
  });

  it('prints lines of different requests in turn, each with the tenant and user of its request', async () => {
    const { stdout } = await new SampleProcess('demo.js', { ADAPTER }).ended();
    const lines = stdout.filter((line) => line.includes(' request='));
    const tenants: Record<string, string> = { ada: 'acme', bob: 'acme', cleo: 'globex', dan: 'globex' };
    const users = lines.map((line) => / request=(\w+)-\d+ tenant=(\w+) user=\1 /.exec(line));
    for (const user of users) expect(user?.[2]).toBe(tenants[user?.[1] ?? '']);
    const turns = users.filter((user, i) => user?.[1] !== users[i - 1]?.[1]);
    expect(turns.length).toBeGreaterThan(10);
  });
});
