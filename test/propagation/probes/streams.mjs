import { EventEmitter, on } from 'node:events';
import { PassThrough, pipeline, Transform } from 'node:stream';
import { pipeline as piped } from 'node:stream/promises';
import { bindContext, bindEmitter, bindIterable, runUnitOfWork } from 'nestjs-contextvars/core';
import { later, see, sleep, who, within } from '../support.mjs';

const unbound = (it) => it;

function data(bind) {
  const { promise, resolve } = later();
  const stream = new PassThrough();
  within('A', () => bind(stream).on('data', () => resolve(see())));
  within('B', () => stream.end('chunk'));
  return promise;
}

function transformed(bind) {
  const { promise, resolve } = later();
  const transform = (chunk, _encoding, done) => {
    resolve(see());
    done(null, chunk);
  };
  const stream = within('A', () => new Transform({ transform: bind(transform) }));
  within('B', () => stream.resume().end('chunk'));
  return promise;
}

async function pipelineCallback(bind) {
  const { promise, resolve } = later();
  const source = new PassThrough();
  within('A', () =>
    pipeline(
      source,
      new PassThrough().resume(),
      bind(() => resolve(see())),
    ),
  );
  await sleep(1);
  within('B', () => source.end('chunk'));
  return promise;
}

async function pipelinePromise() {
  const source = new PassThrough();
  const seen = within('A', async () => {
    await piped(source, new PassThrough().resume());
    return see();
  });
  await sleep(1);
  within('B', () => source.end('chunk'));
  return seen;
}

async function iteratedEvents() {
  const emitter = new EventEmitter();
  const seen = within('A', async () => {
    for await (const _ of on(emitter, 'news')) return see();
  });
  await sleep(1);
  within('B', () => emitter.emit('news'));
  return seen;
}

async function* rows() {
  yield see();
}

function consumed(bind) {
  const generator = within('A', () => bind(rows()));
  return within('B', async () => (await generator.next()).value);
}

/** As the result of a unit of work, a temporary scope, a task or a preserved call. */
function returned() {
  const generator = runUnitOfWork({ kind: 'probe' }, () => who.run('A', rows));
  return within('B', async () => (await generator.next()).value);
}

/** Made in A, where it has been waited for to be pulled; read in B. */
async function pulled() {
  let seen;
  const stream = within(
    'A',
    () =>
      new ReadableStream(
        {
          pull(controller) {
            seen = see();
            controller.enqueue('chunk');
            controller.close();
          },
        },
        { highWaterMark: 0 },
      ),
  );
  return within('B', async () => {
    await stream.getReader().read();
    return `${seen} ${see()}`;
  });
}

export const streams = [
  {
    no: 13,
    what: "a stream: `on('data')` in A, written in B",
    right: 'A',
    plain: () => data(unbound),
    remedy: '`bindEmitter(stream)`, or `for await`',
    remedied: () => data(bindEmitter),
  },
  {
    no: 13,
    what: 'a stream: the `transform` of one made in A, written in B',
    right: 'A',
    plain: () => transformed(unbound),
    remedy: '`bindContext(transform)`',
    remedied: () => transformed(bindContext),
  },
  {
    no: 13,
    what: 'the callback of `pipeline`, `finished`: given in A, over in B',
    right: 'A',
    plain: () => pipelineCallback(unbound),
    remedy: '`bindContext(callback)`, or `node:stream/promises`',
    remedied: () => pipelineCallback(bindContext),
  },
  { no: 13, what: 'after an awaited `pipeline`', right: 'A', plain: pipelinePromise },
  { no: 13, what: 'in `for await (... of events.on())`', right: 'A', plain: iteratedEvents },
  {
    no: 14,
    what: 'the body of a generator made in A, read in B',
    right: 'A',
    plain: () => consumed(unbound),
    remedy: '`bindIterable(generator)`',
    remedied: () => consumed(bindIterable),
  },
  {
    no: 14,
    what: 'the same, as the result of `run`, of a temporary scope, a unit of work, a bound function',
    right: 'A',
    plain: returned,
  },
  {
    no: 41,
    what: 'a web stream: `pull` of one made in A, and its reader in B',
    right: 'A B',
    plain: pulled,
  },
];
