import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { INestApplication } from '@nestjs/common';
import supertest from 'supertest';
import { type AdapterName, adapters, listen, ready } from './adapters.js';
import { type Answer, type Sent, send } from './http-client.js';
import { callListener, type RequestListener } from './serverless.js';

export interface OpenWay {
  send(sent: Sent): Promise<Answer>;
  close?(): Promise<void>;
  /** Where there is a socket: response and request are closed, and a body can come in packets. */
  readonly port?: number;
  readonly host?: string;
}

/** One of the ways in which a request gets to an application. */
export interface WayIn {
  readonly name: string;
  readonly adapters: readonly AdapterName[];
  readonly possible: boolean;
  open(app: INestApplication, adapter: AdapterName): Promise<OpenWay>;
}

export const waysIn: readonly WayIn[] = [
  {
    name: 'its own server on 127.0.0.1',
    adapters,
    possible: true,
    open: async (app) => overHttp(await listen(app)),
  },
  {
    name: 'supertest on a server that does not listen',
    adapters,
    possible: true,
    open: async (app) => {
      await ready(app);
      return { send: (sent) => overSupertest(app.getHttpServer(), sent) };
    },
  },
  {
    name: 'inject()',
    adapters: ['Fastify'],
    possible: true,
    open: async (app) => {
      await ready(app);
      return { send: (sent) => overInject(app.getHttpAdapter().getInstance(), sent) };
    },
  },
  {
    name: 'the second socket of localhost, ::1',
    adapters: ['Fastify'],
    possible: Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1')),
    open: async (app) => overHttp(await listenOnLocalhost(app), '::1'),
  },
  {
    name: 'a second server on the same instance',
    adapters,
    possible: true,
    open: async (app, adapter) => {
      await ready(app);
      const server = createServer(listenerOf(app, adapter)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      return { ...overHttp((server.address() as AddressInfo).port), close: () => closed(server) };
    },
  },
  {
    name: 'a call without any server, as serverless adapters make it',
    adapters,
    possible: true,
    open: async (app, adapter) => {
      await ready(app);
      return { send: (sent) => callListener(listenerOf(app, adapter), sent) };
    },
  },
];

/** What answers Node's requests. */
export function listenerOf(app: INestApplication, adapter: AdapterName): RequestListener {
  const instance = app.getHttpAdapter().getInstance();
  return adapter === 'Express' ? instance : (request, response) => instance.routing(request, response);
}

function overHttp(port: number, host = '127.0.0.1'): OpenWay {
  return { port, host, send: (sent) => send({ port, host }, sent) };
}

async function overSupertest(
  server: Server,
  { path, method = 'GET', headers = {}, body }: Sent,
): Promise<Answer> {
  const call = supertest(server)[method.toLowerCase() as 'get' | 'post'](path).set(headers);
  const { status, headers: answered, text, body: bytes } = await call.send(body);
  return { status, headers: answered, text: text ?? String(bytes) };
}

interface Injectable {
  inject(options: object): Promise<{ statusCode: number; headers: Answer['headers']; payload: string }>;
}

async function overInject(
  fastify: Injectable,
  { path, method = 'GET', headers = {}, body }: Sent,
): Promise<Answer> {
  const answer = await fastify.inject({ method, url: path, headers, payload: body });
  return { status: answer.statusCode, headers: answer.headers, text: answer.payload };
}

/** `localhost` is both addresses, also on a machine whose table of hosts has but one of them. */
async function listenOnLocalhost(app: INestApplication): Promise<number> {
  const { lookup } = dns;
  const both = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  const spy = jest.spyOn(dns, 'lookup').mockImplementation(((...args: unknown[]) => {
    const [host, options, callback] = args as [string, { all?: boolean }, (...found: unknown[]) => void];
    if (host === 'localhost' && options.all === true) process.nextTick(callback, null, both);
    else Reflect.apply(lookup, dns, args);
  }) as typeof dns.lookup);
  try {
    await app.listen(0, 'localhost');
  } finally {
    spy.mockRestore();
  }
  return (app.getHttpServer().address() as AddressInfo).port;
}

async function closed(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
