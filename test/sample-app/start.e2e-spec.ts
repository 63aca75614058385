import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { as, DeskClient } from './desk-client.js';
import { preparedFolder } from './prepared-folder.js';
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
    const DATA_DIR = await preparedFolder();
    const env = { ADAPTER, DATA_DIR, PORT: String(port) };
    const { code, stderr } = await new SampleProcess('main.js', env).ended();
    rmSync(DATA_DIR, { recursive: true });
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain('EADDRINUSE');
  });
});

describe('the sample', () => {
  it('needs nothing but itself: without any setting it has its data in memory', async () => {
    const memory = new SampleProcess('main.js', { PORT: '0' });
    const address = /http:\S+/.exec(await memory.firstLine())?.[0] ?? '';
    const client = new DeskClient(address, 1);
    const headers = as('ada', 'acme');
    const body = { item: 'tea', quantity: 1 };
    await client.send('/orders', { method: 'POST', headers, body });
    expect(await client.send('/receipts/order-1', { headers })).toMatchObject({ status: 200 });
    client.close();
    memory.signal('SIGTERM');
    expect(await memory.ended()).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);

  it('is not started with a setting that makes no sense', async () => {
    const { code, stderr } = await new SampleProcess('main.js', { ADAPTER: 'koa' }).ended();
    const message = "ADAPTER is 'koa'; it can be express or fastify";
    expect({ code, stderr }).toEqual({ code: 1, stderr: `The order desk cannot start: ${message}\n` });
  });

  it('has no worker beside it where the database is embedded', async () => {
    const { code, stderr } = await new SampleProcess('worker.js', {}).ended();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('The worker cannot start: DATABASE_URL is not set'),
    });
  });
});
