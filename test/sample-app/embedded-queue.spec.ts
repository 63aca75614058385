import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { Client } from 'pg';
import { oneExchangeAtATime } from '../../sample-app/src/queues/one-exchange-at-a-time.js';

describe('the socket server of the embedded queue', () => {
  let db: PGlite;
  let server: PGLiteSocketServer;

  beforeAll(async () => {
    db = await PGlite.create();
    server = new PGLiteSocketServer({
      db: oneExchangeAtATime(db),
      host: '127.0.0.1',
      port: 0,
      maxConnections: 20,
    });
    await server.start();
  }, 60_000);

  afterAll(async () => {
    await server.stop();
    await db.close();
  });

  const connected = async () => {
    const client = new Client({ connectionString: `postgres://postgres@${server.getServerConn()}/postgres` });
    await client.connect();
    return client;
  };

  it('gives each of ten clients that ask at once the answers to its own questions', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, connected));
    const wrong: unknown[] = [];
    await Promise.all(
      clients.map(async (client, number) => {
        for (let n = 0; n < 40; n += 1) {
          // As many columns as the client's number, so that what is bound to the question of another one fails.
          const columns = Array.from({ length: number + 1 }, (_, place) => `$${place + 1}::int as c${place}`);
          const values = columns.map((_, place) => 1_000 * number + 10 * n + place);
          // What is asked during a transaction of another client has to wait, and then there are several.
          const inTransaction = (number + n) % 5 === 0;
          if (inTransaction) await client.query('begin');
          const { rows } = await client.query(`select ${columns.join(', ')}`, values);
          if (inTransaction) await client.query('commit');
          if (JSON.stringify(Object.values(rows[0])) !== JSON.stringify(values))
            wrong.push({ number, n, rows });
        }
      }),
    );
    await Promise.all(clients.map((client) => client.end()));
    expect(wrong).toEqual([]);
  }, 30_000);

  it('goes on after a question that was refused, and after a client that left in a transaction', async () => {
    const [one, other] = [await connected(), await connected()];
    await expect(one.query('select $1::int', ['no number'])).rejects.toThrow('invalid input syntax');
    expect((await other.query('select $1::int as n', [1])).rows).toEqual([{ n: 1 }]);
    await one.query('begin');
    await one.query('create table gone (n int)');
    await one.end();
    expect((await other.query("select to_regclass('gone') as t")).rows).toEqual([{ t: null }]);
    await other.end();
  }, 30_000);
});
