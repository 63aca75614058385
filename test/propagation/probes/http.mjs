import { Agent, request } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { bindEmitter, runUnitOfWork } from 'nestjs-contextvars/core';
import { later, see, send, sleep, within, withServer } from '../support.mjs';

const unbound = (emitter) => emitter;

function bodyEnd(bind) {
  const handler = (request, response) =>
    within('A', () => {
      bind(request)
        .resume()
        .on('end', () => response.end(see()));
    });
  return withServer(handler, (port) => send(port, ['one', 'two']));
}

async function leftEarly(bind) {
  const { promise, resolve } = later();
  const handler = (request) => within('A', () => bind(request).on('close', () => resolve(see())));
  return withServer(handler, async (port) => {
    const sent = request({ port, host: '127.0.0.1' }).on('error', () => {});
    sent.end();
    await sleep(20);
    sent.destroy();
    return promise;
  });
}

async function keptAlive() {
  const seen = [];
  let served = 0;
  const handler = (incoming, response) => {
    seen.push(see());
    within(`R${++served}`, () => incoming.resume().on('end', () => response.end()));
  };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  await withServer(handler, async (port) => {
    for (let times = 0; times < 3; times++) await send(port, ['body'], { agent });
    agent.destroy();
  });
  return seen.join(' ');
}

/** The server is started in a unit of work, as by a lazily loaded module. */
function startedIn(read) {
  const handler = (_request, response) => response.end(read());
  return withServer(
    handler,
    (port) => send(port),
    (listen) => within('BOOT', listen),
  );
}

async function socketMessage(bind) {
  const { WebSocket, WebSocketServer } = await import('ws');
  const { promise, resolve } = later();
  const sockets = new WebSocketServer({ noServer: true });
  return withServer(
    () => {},
    async (port, server) => {
      server.on('upgrade', (incoming, socket, head) =>
        within('A', () =>
          sockets.handleUpgrade(incoming, socket, head, (opened) => {
            bind(opened).on('message', () => resolve(see()));
          }),
        ),
      );
      const client = new WebSocket(`ws://127.0.0.1:${port}`);
      client.on('open', () => client.send('hello'));
      const seen = await promise;
      client.terminate();
      for (const opened of sockets.clients) opened.terminate();
      return seen;
    },
  );
}

/** A form with a file, in two packets, through multer. */
async function uploaded() {
  const { default: multer } = await import('multer');
  const upload = multer({ storage: multer.memoryStorage() }).single('file');
  const handler = (incoming, response) =>
    within('A', () => upload(incoming, response, (error) => response.end(error ? String(error) : see())));
  const head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nfirst';
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  return withServer(handler, (port) => send(port, [head, 'second\r\n--x--\r\n'], { headers }));
}

async function requestThatFetches() {
  return withServer(
    (_request, response) => response.end('pong'),
    (port) =>
      within('A', async () => {
        const response = await fetch(`http://127.0.0.1:${port}`);
        const first = see();
        await response.text();
        await setImmediate();
        return first === see() ? first : `${first} ${see()}`;
      }),
  );
}

export const http = [
  {
    no: 3,
    what: "a bare HTTP server: `request.on('end')` in a unit of work",
    right: 'A',
    plain: () => bodyEnd(unbound),
    remedy: '`bindEmitter(request)`; `ContextModule` does so',
    remedied: () => bodyEnd(bindEmitter),
  },
  {
    no: 4,
    what: 'the request before on a connection that is kept alive, three times',
    right: 'none none none',
    plain: keptAlive,
  },
  {
    no: 5,
    what: "a bare HTTP server: `request.on('close')`, the client has left",
    right: 'A',
    plain: () => leftEarly(unbound),
    remedy: '`bindEmitter(request)`; `ContextModule` does so',
    remedied: () => leftEarly(bindEmitter),
  },
  { no: 29, what: 'multer 2.5, a body in two packets: what comes after it', right: 'A', plain: uploaded },
  {
    no: 32,
    what: 'ws: a message after the connection was opened in A',
    right: 'A',
    plain: () => socketMessage(unbound),
    remedy: '`bindEmitter(socket)`, or a unit of work for each message',
    remedied: () => socketMessage(bindEmitter),
  },
  {
    no: 35,
    what: 'a bare HTTP server that was started in a unit of work: each request',
    right: 'none',
    plain: () => startedIn(see),
    remedy: '`runUnitOfWork` for each request; `ContextModule` does so',
    remedied: () => startedIn(() => runUnitOfWork({ kind: 'http' }, see)),
  },
  { no: 41, what: '`fetch` in A, after both of its awaits', right: 'A', plain: requestThatFetches },
];
