import { once } from 'node:events';
import {
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { bindEmitter, bindLogContext, runUnitOfWork } from 'nestjs-contextvars/core';
import { contextMixin, contextPinoHttp } from 'nestjs-contextvars/pino';
import { pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { send } from '../../nest/http/support/http-client.js';
import { until } from '../../nest/http/support/until.js';
import { Lines } from './support/lines.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function serving(listener: RequestListener, use: (port: number) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

test('without Nest: the lines at the end of a request have its fields where its listeners run in its context', async () => {
  const lines = new Lines();
  const log = pinoHttp(contextPinoHttp(), lines);
  const listener = (request: IncomingMessage, response: ServerResponse) =>
    runUnitOfWork({ kind: 'http', id: `unit-${request.url?.slice(1)}` }, async () => {
      bindEmitter(response);
      log(request, response);
      bindLogContext({ path: request.url });
      await new Promise(setImmediate);
      request.log.info('working');
      response.end(request.id);
    });
  await serving(listener, async (port) => {
    const answers = await Promise.all(['/a', '/b', '/c'].map((path) => send({ port }, { path })));
    expect(answers.map(({ text }) => text)).toEqual(['unit-a', 'unit-b', 'unit-c']);
    await until('all are completed', () => lines.saying('request completed').length === 3);
  });
  expect(lines.all).toHaveLength(6);
  for (const { req, requestId, path } of lines.all) {
    expect(req).toMatchObject({ id: requestId, url: path });
    expect(`/${String(requestId).slice('unit-'.length)}`).toBe(path);
  }
});

test.each([
  ['a UUID', {}, expect.stringMatching(UUID)],
  ['what an own genReqId says', { genReqId: (request: IncomingMessage) => `own ${request.url}` }, 'own /x'],
])('outside any context the id of a request is %s', async (_, options, id) => {
  const lines = new Lines();
  const log = pinoHttp(contextPinoHttp(options), lines);
  const listener: RequestListener = (request, response) => {
    log(request, response);
    response.end();
  };
  await serving(listener, async (port) => {
    await send({ port }, { path: '/x' });
    await until('it is completed', () => lines.raw.length === 1);
  });
  expect(lines.only).toMatchObject({ req: { id }, msg: 'request completed' });
  expect(lines.only).not.toHaveProperty('requestId');
});

test('a client that leaves', async () => {
  const lines = new Lines();
  const log = pinoHttp(contextPinoHttp(), lines);
  const listener: RequestListener = (request, response) =>
    runUnitOfWork({ kind: 'http', id: 'unit-1' }, async () => {
      bindEmitter(response);
      log(request, response);
      request.log.info('started');
      await once(response, 'close');
    });
  await serving(listener, async (port) => {
    const sent = get({ port, host: '127.0.0.1' });
    sent.on('error', () => undefined);
    await until('it has started', () => lines.raw.length === 1);
    sent.destroy();
    await until('it is aborted', () => lines.raw.length === 2);
  });
  expect(lines.saying('request aborted')).toMatchObject([{ requestId: 'unit-1', req: { id: 'unit-1' } }]);
});

test('the id of the request under the name of the field is written once', () => {
  const lines = new Lines();
  const options = contextPinoHttp({ quietReqLogger: true, customAttributeKeys: { reqId: 'requestId' } });
  const log = pinoHttp(options, lines);
  runUnitOfWork({ kind: 'http', id: 'unit-1' }, () => {
    const request = { method: 'GET', url: '/', headers: {} } as IncomingMessage;
    log(request, { on: () => undefined } as unknown as ServerResponse);
    request.log.info('x');
  });
  expect(lines.only).toEqual({ requestId: 'unit-1', msg: 'x' });
});

test('fields that have the names of pino-http have other ones', () => {
  const lines = new Lines();
  const log = pinoHttp(contextPinoHttp(), lines);
  runUnitOfWork({ kind: 'http' }, () => {
    bindLogContext({ req: null, err: null });
    log.logger.child({ req: { method: 'GET' } }).info('x');
    log.logger.info('y');
  });
  expect(lines.saying('x')).toMatchObject([{ req: { method: 'GET' }, req_: expect.anything(), err_: null }]);
  expect(lines.saying('y')).toMatchObject([{ req_: expect.anything(), err_: null }]);
});

describe('a logger that exists', () => {
  test('is taken with its own mixin', () => {
    const lines = new Lines();
    const log = pinoHttp(contextPinoHttp({ logger: pino({ mixin: contextMixin() }, lines) }));
    runUnitOfWork({ kind: 'http', id: 'unit-1' }, () => log.logger.info('x'));
    expect(lines.only).toEqual({ requestId: 'unit-1', msg: 'x' });
  });

  test('is refused without one, because its lines could not have any fields', () => {
    expect(() => contextPinoHttp({ logger: pino() })).toThrow(
      'contextPinoHttp: a logger that exists takes no mixin; make it with pino({ mixin: contextMixin() })',
    );
  });
});

test('own hooks are called, inside of those that keep lines whole', () => {
  const lines = new Lines();
  const streamWrite = (line: string) => line.replace('secret', '***\u2028');
  const log = pinoHttp(contextPinoHttp({ hooks: { streamWrite } }), lines);
  const order = {
    get total(): never {
      throw new Error('not loaded');
    },
  };
  log.logger.info(order, 'a secret');
  expect(lines.only).toEqual({ total: { error: '[Throws: not loaded]' }, msg: 'a ***\u2028' });
  expect(lines.raw[0]).toContain('***\\u2028');
});

test('the options that are given are not changed, and all of them are passed on', () => {
  const given = Object.freeze({ level: 'debug', customProps: () => ({ a: 1 }), redact: ['a'] });
  expect(contextPinoHttp(given)).toMatchObject(given);
});
