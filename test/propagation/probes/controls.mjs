// What is right by itself, so that a Node in which it is not is noticed.
import { pbkdf2, randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs';
import { readFile as read } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { nextTick } from 'node:process';
import { gzip } from 'node:zlib';
import { later, see, within, withServer } from '../support.mjs';

const callbacks = {
  'fs.readFile': (done) => readFile(new URL(import.meta.url), done),
  'dns.lookup': (done) => lookup('localhost', done),
  'crypto.pbkdf2': (done) => pbkdf2('a', 'b', 1, 8, 'sha256', done),
  'crypto.randomBytes': (done) => randomBytes(8, done),
  'zlib.gzip': (done) => gzip('text', done),
  queueMicrotask: (done) => queueMicrotask(done),
  'process.nextTick': (done) => nextTick(done),
  setTimeout: (done) => void setTimeout(done, 1),
  setImmediate: (done) => void setImmediate(done),
};

async function resolvedElsewhere() {
  const { promise, resolve } = later();
  const seen = within('A', () => promise.then(see));
  await null;
  within('B', () => resolve());
  return seen;
}

async function emittedElsewhere() {
  const emitter = new EventEmitter();
  const seen = within('A', async () => {
    await once(emitter, 'news');
    return see();
  });
  within('B', () => emitter.emit('news'));
  return seen;
}

function pooledConnections() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return withServer(
    (_request, response) => response.end('pong'),
    async (port) => {
      const ask = () =>
        new Promise((resolve) =>
          get({ port, host: '127.0.0.1', agent }, (response) =>
            response.resume().on('end', () => resolve(see())),
          ),
        );
      const seen = await Promise.all(['R1', 'R2', 'R3'].map((name) => within(name, ask)));
      agent.destroy();
      return seen.join(' ') === 'R1 R2 R3' ? 'A' : seen.join(' ');
    },
  );
}

async function all() {
  const wrong = [];
  const note = (name, seen) => seen === 'A' || wrong.push(`${name}: ${seen}`);
  for (const [name, call] of Object.entries(callbacks)) {
    const { promise, resolve } = later();
    within('A', () => call(() => resolve(see())));
    note(name, await promise);
  }
  note('fs.promises', await within('A', async () => read(new URL(import.meta.url)).then(see)));
  note('a promise resolved elsewhere', await resolvedElsewhere());
  note('events.once', await emittedElsewhere());
  note('http.Agent', await pooledConnections());
  return wrong.length === 0 ? 'A' : wrong.join(', ');
}

export const controls = [
  {
    no: 46,
    what: '`http.Agent`, dns, crypto, zlib, fs, timers, `nextTick`, `queueMicrotask`, `events.once`, promises resolved elsewhere',
    right: 'A',
    plain: all,
  },
];
