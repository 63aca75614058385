// One connection, one worker, one socket for many: what is called back in the context of somebody else.
import { connect, createServer } from 'node:net';
import { bindContext, bindEmitter, runUnitOfWork } from 'nestjs-contextvars/core';
import { later, see, sleep, urlOf, within } from '../support.mjs';

const unbound = (it) => it;
const names = ['A', 'B', 'C'];

/** Calls `call(callback)` for A, B and C at once; gives what the callbacks see. */
async function called(call, bind) {
  const answers = names.map((name) => {
    const { promise, resolve } = later();
    within(name, () => call(bind((error) => resolve(error ? String(error) : see()))));
    return promise;
  });
  return (await Promise.all(answers)).join(' ');
}

async function awaited(call) {
  const ask = async () => {
    await call();
    return see();
  };
  return (await Promise.all(names.map((name) => within(name, ask)))).join(' ');
}

async function withPg(body) {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: urlOf('postgres'), max: 1 });
  try {
    return await body(pool);
  } finally {
    await pool.end();
  }
}

async function withMysql(body) {
  const { default: mysql } = await import('mysql2');
  const pool = mysql.createPool({ uri: urlOf('mysql'), connectionLimit: 1 });
  try {
    return await body(pool);
  } finally {
    await pool.promise().end();
  }
}

/** `connect` of pg, `getConnection` of mysql2. */
const checkedOut = (connectTo) => (callback) =>
  connectTo((error, connection, release) => {
    callback(error);
    if (!error) setTimeout(() => (release ?? (() => connection.release()))(), 1);
  });

async function subscriber(bind) {
  const { Redis } = await import('ioredis');
  const { promise, resolve } = later();
  const channel = `probe-${process.pid}-${Math.random()}`;
  const subscribed = within('BOOT', () => bind(new Redis(urlOf('redis'))));
  const publisher = new Redis(urlOf('redis'));
  try {
    await subscribed.subscribe(channel);
    within('A', () => subscribed.on('message', () => resolve(see())));
    await within('B', () => publisher.publish(channel, 'hello'));
    return await promise;
  } finally {
    subscribed.disconnect();
    publisher.disconnect();
  }
}

function commands() {
  return import('ioredis').then(async ({ Redis }) => {
    const redis = within('BOOT', () => new Redis(urlOf('redis')));
    try {
      const asked = await awaited(() => redis.ping());
      const calledBack = await called((callback) => redis.ping(callback), unbound);
      return asked === calledBack ? asked : `${asked}, ${calledBack}`;
    } finally {
      redis.disconnect();
    }
  });
}

async function notified(bind) {
  const { default: pg } = await import('pg');
  const channel = `probe_${process.pid}`;
  const { promise, resolve } = later();
  const client = within('BOOT', () => bind(new pg.Client({ connectionString: urlOf('postgres') })));
  await within('BOOT', () => client.connect());
  try {
    await client.query(`listen ${channel}`);
    within('A', () => client.on('notification', () => resolve(see())));
    await within('B', () => client.query(`notify ${channel}`));
    return await promise;
  } finally {
    await client.end();
  }
}

/** A pool of any kind, which makes its first resource when somebody asks. */
function factory(create) {
  let resource;
  const acquire = () => {
    resource ??= create();
    return resource;
  };
  return ['A', 'B'].map((name) => within(name, acquire)).join(' ');
}

async function socketData(bind) {
  const { promise, resolve } = later();
  const server = createServer((socket) => socket.pipe(socket));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const socket = within('A', () => bind(connect(server.address().port, '127.0.0.1')));
  await new Promise((connected) => socket.once('connect', connected));
  within('B', () => {
    socket.on('data', () => resolve(see()));
    socket.write('hello');
  });
  const seen = await promise;
  socket.destroy();
  await new Promise((closed) => server.close(closed));
  return seen;
}

/** As p-limit 3 and p-queue 6: what waits is started by what ends. */
function limiter() {
  const waiting = [];
  let busy = false;
  const next = () => {
    const job = waiting.shift();
    busy = job !== undefined;
    if (busy) void job().finally(next);
  };
  return (job) =>
    new Promise((resolve, reject) => {
      waiting.push(() => job().then(resolve, reject));
      if (!busy) next();
    });
}

function limited(bind) {
  const limit = limiter();
  const job = async () => {
    await sleep(1);
    return see();
  };
  return Promise.all(names.map((name) => within(name, () => limit(bind(job))))).then((seen) =>
    seen.join(' '),
  );
}

/** A strategy that looks users up for several requests at once, in a batch. */
async function authenticated(bind) {
  const { default: passport } = await import('passport');
  const waiting = [];
  class Batched extends passport.Strategy {
    name = 'batched';

    authenticate(request) {
      const done = (user) => this.success(user);
      waiting.push([bind(done), request.user]);
    }
  }
  const authenticator = new passport.Passport();
  authenticator.use(new Batched());
  const handled = ['A', 'B'].map((name) => {
    const { promise, resolve } = later();
    within(name, () =>
      authenticator.authenticate('batched', { session: false })({ headers: {} }, {}, () => resolve(see())),
    );
    return promise;
  });
  within('POOL', () => {
    for (const [done] of waiting) done({ id: 1 });
  });
  return (await Promise.all(handled)).join(' ');
}

export const pools = [
  {
    no: 18,
    what: 'pg, a pool of one: the callbacks of `query` of A, B and C',
    right: 'A B C',
    needs: 'postgres',
    plain: () => withPg((pool) => called((callback) => pool.query('select 1', callback), unbound)),
    remedy: '`bindContext(callback)`, or its promises',
    remedied: () => withPg((pool) => called((callback) => pool.query('select 1', callback), bindContext)),
  },
  {
    no: 18,
    what: 'pg, a pool of one: the callbacks of `connect`',
    right: 'A B C',
    needs: 'postgres',
    plain: () =>
      withPg((pool) =>
        called(
          checkedOut((callback) => pool.connect(callback)),
          unbound,
        ),
      ),
    remedy: '`bindContext(callback)`, or its promises',
    // What is bound is what the pool is given.
    remedied: () =>
      withPg((pool) =>
        called(
          checkedOut((callback) => pool.connect(bindContext(callback))),
          unbound,
        ),
      ),
  },
  {
    no: 18,
    what: 'pg: its promises',
    right: 'A B C',
    needs: 'postgres',
    plain: () => withPg((pool) => awaited(() => pool.query('select 1'))),
  },
  {
    no: 19,
    what: 'mysql2, a pool of one: the callbacks of `query`',
    right: 'A B C',
    needs: 'mysql',
    plain: () => withMysql((pool) => called((callback) => pool.query('select 1', callback), unbound)),
    remedy: '`bindContext(callback)`, or its promises',
    remedied: () => withMysql((pool) => called((callback) => pool.query('select 1', callback), bindContext)),
  },
  {
    no: 19,
    what: 'mysql2, a pool of one: the callbacks of `getConnection`',
    right: 'A B C',
    needs: 'mysql',
    plain: () =>
      withMysql((pool) =>
        called(
          checkedOut((callback) => pool.getConnection(callback)),
          unbound,
        ),
      ),
    remedy: '`bindContext(callback)`, or its promises',
    remedied: () =>
      withMysql((pool) =>
        called(
          checkedOut((callback) => pool.getConnection(bindContext(callback))),
          unbound,
        ),
      ),
  },
  {
    no: 19,
    what: 'mysql2: its promises',
    right: 'A B C',
    needs: 'mysql',
    plain: () => withMysql((pool) => awaited(() => pool.promise().query('select 1'))),
  },
  {
    no: 20,
    what: 'ioredis: a message of a connection opened in BOOT, to a listener of A',
    right: 'A',
    needs: 'redis',
    plain: () => subscriber(unbound),
    remedy: '`bindEmitter(redis)`, or a unit of work for each message',
    remedied: () => subscriber(bindEmitter),
  },
  {
    no: 20,
    what: 'ioredis: commands, awaited and with callbacks',
    right: 'A B C',
    needs: 'redis',
    plain: commands,
  },
  {
    no: 21,
    what: 'pg: a notification of a connection opened in BOOT, to a listener of A',
    right: 'A',
    needs: 'postgres',
    plain: () => notified(unbound),
    remedy: '`bindEmitter(client)`, or a unit of work for each notification',
    remedied: () => notified(bindEmitter),
  },
  {
    no: 22,
    what: 'the factory of a pool: a resource that A and B use in turn is made in',
    right: 'none none',
    plain: () => factory(see),
    remedy: '`runUnitOfWork` in the factory',
    remedied: () => factory(() => runUnitOfWork({ kind: 'pool' }, see)),
  },
  {
    no: 23,
    what: "a pooled socket: opened in A, `on('data')` in B",
    right: 'B',
    plain: () => socketData(unbound),
    remedy: '`bindEmitter(socket)`',
    remedied: () => socketData(bindEmitter),
  },
  {
    no: 24,
    what: 'a limiter that starts what waits itself (p-limit 3, p-queue 6): jobs of A, B and C',
    right: 'A B C',
    plain: () => limited(unbound),
    remedy: '`limit(bindContext(job))`; newer ones need none',
    remedied: () => limited(bindContext),
  },
  {
    no: 31,
    what: 'passport: a strategy that calls `done` from elsewhere',
    right: 'A B',
    plain: () => authenticated(unbound),
    remedy: '`bindContext(done)` where it is handed on',
    remedied: () => authenticated(bindContext),
  },
];
