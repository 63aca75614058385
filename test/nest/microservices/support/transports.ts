import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type ClientOptions, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { describeWithServer, type ServerName } from '../../../support/servers.js';

/** Brokers are shared with whoever else is running tests. */
export const PREFIX = `desk-${randomUUID()}`;

/** How a microservice is reached, and how a client reaches it. */
export interface Place {
  readonly service: MicroserviceOptions;
  readonly client: ClientOptions;
}

export interface TransportCase {
  readonly name: string;
  readonly hasEvents: boolean;
  /** Made anew for each application. */
  place(): Promise<Place>;
}

interface KnownTransport {
  readonly server?: ServerName;
  readonly place: (url: string) => Promise<Place> | Place;
}

const PROTO = { package: 'desk', protoPath: join(__dirname, 'desk.proto') };

const known: Record<string, KnownTransport> = {
  TCP: {
    async place() {
      const options = { host: '127.0.0.1', port: await freePort() };
      return same({ transport: Transport.TCP, options });
    },
  },
  gRPC: {
    async place() {
      return same({ transport: Transport.GRPC, options: { ...PROTO, url: `127.0.0.1:${await freePort()}` } });
    },
  },
  Redis: {
    server: 'redis',
    place(url) {
      const { hostname, port } = new URL(url);
      return same({ transport: Transport.REDIS, options: { host: hostname, port: Number(port) } });
    },
  },
  NATS: {
    server: 'nats',
    place: (url) => same({ transport: Transport.NATS, options: { servers: [url] } }),
  },
  RabbitMQ: {
    server: 'rabbitmq',
    place(url) {
      const queue = `${PREFIX}-${randomUUID()}`;
      const queueOptions = { durable: false, autoDelete: true };
      return same({ transport: Transport.RMQ, options: { urls: [url], queue, queueOptions } });
    },
  },
  MQTT: {
    server: 'mqtt',
    place: (url) => same({ transport: Transport.MQTT, options: { url, protocolVersion: 5 } }),
  },
};

function same(options: MicroserviceOptions & ClientOptions): Place {
  return { service: options, client: options };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The same tests over each transport; where a broker is missing, one line says so. */
export function describeTransports(
  title: string,
  body: (transport: TransportCase) => void,
  names: readonly string[] = Object.keys(known),
): void {
  for (const name of names) {
    const { server, place } = known[name] as KnownTransport;
    const run = (url: string) => body({ name, hasEvents: name !== 'gRPC', place: async () => place(url) });
    if (server === undefined) describe(`${title}: ${name}`, () => run(''));
    else describeWithServer(server, `${title}: ${name}`, run);
  }
}
