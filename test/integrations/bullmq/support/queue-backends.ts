import { randomBytes } from 'node:crypto';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import {
  type BackendFactory,
  type ConnectionOptions,
  createPostgresBackend,
  createRedisBackend,
  FlowProducer,
  type IQueueBackend,
  type Job,
  type Processor,
  Queue,
  type QueueBaseOptions,
  type Telemetry,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Client } from 'pg';
import { describeWithServer, serversAreRequired, serverUrl } from '../../../support/servers.js';

type AnyQueue = Queue<any, any, string, any, any, string, IQueueBackend>;
export type AnyWorker = Worker<any, any, string, IQueueBackend>;

/** Where queues are kept, opened for one test file. */
interface OpenBackend {
  readonly factory: BackendFactory;
  readonly connection: ConnectionOptions;
  /** Of the keys in Redis. */
  readonly prefix?: string;
  /** For every worker. */
  readonly worker?: Partial<WorkerOptions>;
  remove(): Promise<void>;
}

/** Queues, workers and flow producers of one test, which are closed after it. */
export class Queues {
  readonly #backend: OpenBackend;
  readonly #open: { close(): Promise<unknown> }[] = [];

  constructor(backend: OpenBackend) {
    this.#backend = backend;
  }

  /** For what makes its own queues, as Nest does. */
  get factory(): BackendFactory {
    return this.#backend.factory;
  }

  /** The options that all of them have in common. */
  options(telemetry?: Telemetry): QueueBaseOptions {
    const { connection, prefix } = this.#backend;
    return {
      connection,
      ...(prefix !== undefined && { prefix }),
      ...(telemetry !== undefined && { telemetry }),
    };
  }

  /** A name that nobody else has. */
  name(what = 'queue'): string {
    return `${what}-${randomBytes(4).toString('hex')}`;
  }

  queue(name: string, telemetry?: Telemetry): AnyQueue {
    return this.#keep(new Queue(name, this.options(telemetry), this.#backend.factory));
  }

  flowProducer(telemetry?: Telemetry): FlowProducer<IQueueBackend> {
    return this.#keep(new FlowProducer(this.options(telemetry), this.#backend.factory));
  }

  /** It does not work before it is told to. */
  worker(
    name: string,
    processor: Processor | string,
    telemetry?: Telemetry,
    options: Partial<WorkerOptions> = {},
  ): AnyWorker {
    return this.#keep(
      new Worker(
        name,
        processor,
        { ...this.options(telemetry), autorun: false, ...this.#backend.worker, ...options },
        this.#backend.factory,
      ),
    );
  }

  async close(): Promise<void> {
    // Workers before the queues that they may still add to.
    for (const one of this.#open.splice(0).reverse()) await one.close();
  }

  #keep<T extends { close(): Promise<unknown>; on(event: 'error', listener: () => void): unknown }>(
    one: T,
  ): T {
    // Of connections that close under it at the end of a test; without a listener each would be thrown.
    one.on('error', () => {});
    this.#open.push(one);
    return one;
  }
}

/** The same tests on Redis and on PostgreSQL: a real one, or else the embedded PGlite. */
export function describeOnBackends(title: string, body: (queues: Queues) => void): void {
  describeWithServer('redis', `${title} (Redis)`, (url) => describeOn(() => openRedis(url), body));
  const postgres = serverUrl('postgres');
  if (postgres === undefined && serversAreRequired()) {
    describeWithServer('postgres', `${title} (PostgreSQL)`, () => {});
    return;
  }
  describe(`${title} (${postgres === undefined ? 'PGlite' : 'PostgreSQL'})`, () => {
    describeOn(() => (postgres === undefined ? openPglite() : openPostgres(postgres)), body);
  });
}

function describeOn(open: () => Promise<OpenBackend>, body: (queues: Queues) => void): void {
  let backend: OpenBackend;
  const queues = new Queues({
    get factory() {
      return backend.factory;
    },
    get connection() {
      return backend.connection;
    },
    get prefix() {
      return backend.prefix;
    },
    get worker() {
      return backend.worker;
    },
    remove: async () => {},
  } as OpenBackend);

  beforeAll(async () => {
    backend = await open();
  }, 30_000);
  afterEach(() => queues.close());
  afterAll(() => backend.remove());
  body(queues);
}

export async function openRedis(url: string): Promise<OpenBackend> {
  const prefix = `test-${randomBytes(4).toString('hex')}`;
  const connection = { url };
  return {
    factory: createRedisBackend as BackendFactory,
    connection,
    prefix,
    async remove() {
      const { Redis } = await import('ioredis');
      const client = new Redis(url);
      for await (const keys of client.scanStream({ match: `${prefix}:*`, count: 1000 })) {
        if (keys.length > 0) await client.del(keys);
      }
      await client.quit();
    },
  };
}

export async function openPostgres(url: string): Promise<OpenBackend> {
  const schema = `test_${randomBytes(4).toString('hex')}`;
  return {
    factory: createPostgresBackend as BackendFactory,
    connection: { connectionString: url, schema, migrate: true },
    async remove() {
      const client = new Client(url);
      await client.connect();
      await client.query(`drop schema if exists ${schema} cascade`);
      await client.end();
    },
  };
}

async function openPglite(): Promise<OpenBackend> {
  const db = await PGlite.create();
  // Its socket server has one session for all who connect, so they cannot each choose a schema.
  await db.exec('set search_path to bullmq, public');
  const server = new PGLiteSocketServer({ db, port: 0, host: '127.0.0.1', maxConnections: 100 });
  await server.start();
  return {
    factory: createPostgresBackend as BackendFactory,
    connection: { connectionString: `postgres://postgres@${server.getServerConn()}/postgres`, migrate: true },
    // In seconds. Notifications do not reach a worker through the one session, so it has to look.
    worker: { drainDelay: 0.1 },
    async remove() {
      await server.stop();
      await db.close();
    },
  };
}

/** Has the worker work, and gives what came of each of the jobs: the result, or an Error for one that failed for good. */
export function work(worker: AnyWorker, ...jobs: (Pick<Job, 'id'> | undefined)[]): Promise<unknown[]> {
  const waiting = new Set(jobs.map((job) => job?.id));
  const results = new Map<string | undefined, unknown>();
  const done = new Promise<void>((resolve) => {
    const settle = (id: string | undefined, result: unknown) => {
      if (!waiting.delete(id)) return;
      results.set(id, result);
      if (waiting.size === 0) resolve();
    };
    worker.on('completed', (job: Job, result: unknown) => settle(job.id, result));
    worker.on('failed', (job: Job | undefined, error: Error) => {
      if (job?.finishedOn !== undefined) settle(job.id, error);
    });
  });
  if (!worker.isRunning()) void worker.run();
  return done.then(() => jobs.map((job) => results.get(job?.id)));
}
