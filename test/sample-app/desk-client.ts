import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import type { Socket } from 'node:net';
import { json } from 'node:stream/consumers';

export interface DeskAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: any;
}

export interface DeskRequest {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: object | string;
}

/** Sends requests over keep-alive connections, which it counts. */
export class DeskClient {
  readonly sockets = new Set<Socket>();
  readonly #agent: Agent;
  readonly #address: string;

  constructor(address: string, connections: number) {
    this.#address = address;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  send(path: string, { method = 'GET', headers = {}, body }: DeskRequest = {}): Promise<DeskAnswer> {
    const payload = typeof body === 'object' ? JSON.stringify(body) : body;
    return new Promise((resolve, reject) => {
      const sent = request(this.#address + path, {
        agent: this.#agent,
        method,
        headers: {
          ...(typeof body === 'object' && { 'content-type': 'application/json' }),
          ...(payload !== undefined && { 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      });
      sent.on('socket', (socket) => this.sockets.add(socket));
      sent.on('error', reject);
      sent.on('response', (response) => {
        const { statusCode = 0, headers } = response;
        json(response).then((answer) => resolve({ status: statusCode, headers, body: answer }), reject);
      });
      sent.end(payload);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** What a user of the desk says about itself. */
export function as(user: string, tenant: string): OutgoingHttpHeaders {
  return { authorization: `Bearer ${user}`, 'x-tenant': tenant };
}
