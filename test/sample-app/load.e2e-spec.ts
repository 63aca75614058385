import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describeWithServer } from '../support/servers.js';
import { embedded, onPostgres, type Place, withRedis } from './places.js';
import { ENGINE_FLAGS, settingsOnly } from './running-sample.js';

// The scripts by which a reader can see it for many requests, here with few: tenants that overlap, and what is there of them
// afterwards in the database itself.

type Open = () => Promise<Place>;

async function run(open: Open, script: string, ...args: string[]): Promise<{ code: number; stdout: string }> {
  const place = await open();
  const child = spawn(process.execPath, [...ENGINE_FLAGS, script, ...args], {
    env: settingsOnly(place.env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  await place.remove();
  return { code, stdout };
}

function underLoad(open: Open): void {
  it('20 tenants get their own, each refund is in the audit and each order has its receipt, once', async () => {
    const args = ['--requests', '300', '--connections', '50'];
    const { code, stdout } = await run(open, 'dist-sample/load.js', ...args);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('300 requests of 20 tenants, 50 at a time'),
    });
    expect(stdout.match(/^ +0 .*/gm)).toHaveLength(9);
  }, 120_000);
}

function killed(open: Open): void {
  it('no order is lost that was answered, and none is without its receipt, when it is killed in between', async () => {
    const args = ['--kills', '1', '--seconds', '1', '--connections', '10'];
    const { code, stdout } = await run(open, 'test/soak/kill.mjs', ...args);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/ in 1 kills\n0 answered/) });
  }, 120_000);
}

describe('the sample, embedded', () => {
  underLoad(embedded);
  killed(embedded);
});

describeWithServer('postgres', 'the sample, on PostgreSQL', (url) => {
  underLoad(() => onPostgres(url));

  describeWithServer('redis', 'with jobs in Redis', (redisUrl) => killed(() => withRedis(url, redisUrl)));
});
