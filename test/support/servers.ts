import { spawnSync } from 'node:child_process';

/**
 * Tests against real servers: where one does not answer, its tests are skipped with one line that says how
 * to run them; with REQUIRE_SERVERS=1 they fail instead.
 */

interface KnownServer {
  /** Overrides where the server is looked for. */
  readonly env: string;
  /** Looked at in this order. A URL with `?host=/...` or `?socketPath=/...` is a Unix socket. */
  readonly urls: readonly string[];
  /** Starts one that the tests find. */
  readonly start: string;
}

const servers = {
  redis: {
    env: 'REDIS_URL',
    urls: ['redis://127.0.0.1:6379'],
    start: 'redis-server',
  },
  postgres: {
    env: 'POSTGRES_URL',
    urls: [
      'postgres://postgres@127.0.0.1:5432/test',
      'postgres://postgres@localhost/test?host=/var/run/postgresql',
    ],
    start: 'docker run -p 5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust -e POSTGRES_DB=test postgres',
  },
  nats: {
    env: 'NATS_URL',
    urls: ['nats://127.0.0.1:4222'],
    start: 'nats-server',
  },
  rabbitmq: {
    env: 'RABBITMQ_URL',
    urls: ['amqp://guest:guest@127.0.0.1:5672'],
    start: 'docker run -p 5672:5672 rabbitmq',
  },
  mqtt: {
    env: 'MQTT_URL',
    urls: ['mqtt://127.0.0.1:1883'],
    start: 'mosquitto',
  },
  mysql: {
    env: 'MYSQL_URL',
    urls: [
      'mysql://root@127.0.0.1:3306/test',
      'mysql://root@localhost/test?socketPath=/run/mysqld/mysqld.sock',
    ],
    start: 'docker run -p 3306:3306 -e MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1 -e MARIADB_DATABASE=test mariadb',
  },
} satisfies Record<string, KnownServer>;

export type ServerName = keyof typeof servers;

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'redis:': 6379,
  'rediss:': 6379,
  'postgres:': 5432,
  'postgresql:': 5432,
  'nats:': 4222,
  'amqp:': 5672,
  'amqps:': 5671,
  'mqtt:': 1883,
  'mysql:': 3306,
};

// In a process of its own, because `describe` cannot wait. Prints the place of the first that answers.
const PROBE = `
  const net = require('node:net');
  (async () => {
    const targets = JSON.parse(process.argv[1]);
    for (const [place, target] of targets.entries()) {
      const answers = await new Promise((resolve) => {
        const socket = net.connect(target, () => resolve(true));
        socket.on('error', () => resolve(false));
        socket.setTimeout(1000, () => resolve(false));
        socket.unref();
      });
      if (answers) return console.log(place);
    }
  })().finally(() => process.exit());
`;

function targetOf(url: string): { path: string } | { host: string; port: number } {
  const { protocol, hostname, port, searchParams } = new URL(url);
  const folder = searchParams.get('host');
  if (folder !== null) return { path: `${folder}/.s.PGSQL.${port || DEFAULT_PORTS[protocol]}` };
  const path = searchParams.get('socketPath');
  if (path !== null) return { path };
  return { host: hostname, port: Number(port) || DEFAULT_PORTS[protocol] };
}

function firstThatAnswers(urls: readonly string[]): string | undefined {
  const argument = JSON.stringify(urls.map(targetOf));
  const { stdout } = spawnSync(process.execPath, ['-e', PROBE, argument], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return stdout.trim() === '' ? undefined : urls[Number(stdout)];
}

const found = new Map<ServerName, string | undefined>();

/** Where the server answers; undefined where it does not. */
export function serverUrl(name: ServerName): string | undefined {
  if (!found.has(name)) {
    const { env, urls } = servers[name];
    const given = process.env[env];
    found.set(name, firstThatAnswers(given === undefined ? urls : [given]));
  }
  return found.get(name);
}

/** One sentence: what is missing, and how to have it. */
export function howToRun(name: ServerName): string {
  const { env, urls, start } = servers[name];
  return `no ${name} at ${process.env[env] ?? urls[0]}: start one (${start}) or set ${env}`;
}

export function serversAreRequired(): boolean {
  return process.env.REQUIRE_SERVERS === '1';
}

/**
 * `describe` for what needs a server; `body` is given its URL.
 *
 * @example
 * describeWithServer('redis', 'a queue on Redis', (url) => {
 *   test('takes a job', async () => { ... });
 * });
 */
export function describeWithServer(name: ServerName, title: string, body: (url: string) => void): void {
  const url = serverUrl(name);
  if (url !== undefined) {
    describe(title, () => body(url));
  } else if (serversAreRequired()) {
    test(title, () => {
      throw new Error(howToRun(name));
    });
  } else {
    // The reporter names no skipped tests where there are many files.
    process.stderr.write(`skipped: ${title}: ${howToRun(name)}\n`);
    test.skip(`${title} (${howToRun(name)})`, () => undefined);
  }
}
