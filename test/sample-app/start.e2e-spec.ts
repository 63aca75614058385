import { createServer } from 'node:net';
import { as, DeskClient } from './desk-client.js';
import { SampleProcess, startSample } from './running-sample.js';

describe.each(['express', 'fastify'])('starting and stopping the sample on %s', (ADAPTER) => {
  it('prints its address in one line', async () => {
    const sample = await startSample({ ADAPTER });
    expect(sample.process.stdout).toEqual([
      expect.stringMatching(/^Order desk on \w+: http:\/\/127\.0\.0\.1:\d+$/),
    ]);
    await sample.stop();
  });

  it('finishes what runs in the background when it is told to stop, and ends with 0', async () => {
    const sample = await startSample({ ADAPTER });
    const client = new DeskClient(sample.address, 1);
    const body = { item: 'tea', quantity: 1 };
    await client.send('/orders', { method: 'POST', headers: as('ada', 'acme'), body });
    const { code, stdout, stderr } = await sample.stop();
    client.close();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.at(-1)).toMatch(/files the receipt of order-1 .*tenant=acme user=ada\b/);
  });

  it('says that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const { code, stderr } = await new SampleProcess('main.js', { ADAPTER, PORT: String(port) }).ended();
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain('EADDRINUSE');
  });
});

describe('the settings of the sample', () => {
  it.each([
    [{ ADAPTER: 'koa' }, "ADAPTER is 'koa'; it can be express or fastify"],
    [{ LOG_FORMAT: 'xml' }, "LOG_FORMAT is 'xml'; it can be pretty or json"],
    [{ PORT: 'http' }, "PORT is 'http'; it can be a number from 0 to 65535"],
    [{ PORT: '65536' }, "PORT is '65536'; it can be a number from 0 to 65535"],
  ])('are refused where they make no sense: %j', async (env, message) => {
    const { code, stderr } = await new SampleProcess('main.js', env).ended();
    expect({ code, stderr }).toEqual({ code: 1, stderr: `The order desk cannot start: ${message}\n` });
  });
});
