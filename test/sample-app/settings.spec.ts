import { readSettings } from '../../sample-app/src/settings/settings.js';

describe('the settings of the sample', () => {
  it('need nothing: everything is embedded, in memory, with the demo', () => {
    expect(readSettings({})).toMatchObject({
      adapter: 'express',
      port: 3000,
      host: '127.0.0.1',
      logFormat: 'pretty',
      database: { databaseUrl: undefined, folder: undefined },
      jobs: { redisUrl: undefined, workedOffBy: 'application' },
      identity: { demo: true },
    });
  });

  it('leave the jobs to a worker where it can have the data', () => {
    const DATABASE_URL = 'postgres://127.0.0.1/desk';
    expect(readSettings({ DATABASE_URL }).jobs.workedOffBy).toBe('worker');
    expect(readSettings({ DATABASE_URL, JOBS: 'application' }).jobs.workedOffBy).toBe('application');
    expect(readSettings({ REDIS_URL: 'redis://127.0.0.1' }).jobs.workedOffBy).toBe('application');
  });

  it.each<[Record<string, string>, string]>([
    [{ LOG_FORMAT: 'xml' }, "LOG_FORMAT is 'xml'; it can be pretty or json"],
    [{ PORT: 'http' }, "PORT is 'http'; it can be a number from 0 to 65535"],
    [{ PORT: '65536' }, "PORT is '65536'; it can be a number from 0 to 65535"],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL can begin with postgres://'],
    [{ DATABASE_CONNECTIONS: '0' }, "DATABASE_CONNECTIONS is '0'; it can be a number from 1 on"],
    [{ REDIS_URL: 'http://x' }, 'REDIS_URL can begin with redis://'],
    [{ JOBS: 'nobody' }, "JOBS is 'nobody'; it can be application or worker"],
    [
      { JOBS: 'worker' },
      'JOBS is worker; that needs a DATABASE_URL, as nobody else has the embedded database',
    ],
    [{ DEMO: 'maybe' }, "DEMO is 'maybe'; it can be on or off"],
    [
      { NODE_ENV: 'production' },
      'TOKEN_PUBLIC_KEY is not set; without it and without DEMO=on nobody could say who they are',
    ],
  ])('are refused where they make no sense: %j', (env, message) => {
    expect(() => readSettings(env)).toThrow(message);
  });

  it('do not show a password where a URL is refused', () => {
    expect(() => readSettings({ DATABASE_URL: 'mysql://root:secret@host' })).toThrow(/^(?!.*secret)/);
  });
});
