import type { Identity } from '../identity/identity.js';

export interface Answer {
  readonly requestId: string;
  readonly headerId: string | null;
  readonly status: number;
  readonly body: unknown;
}

/** One user at the desk. Each request gets an id that starts with the user's name. */
export class DeskClient {
  static #inFlight = 0;
  static mostInFlight = 0;
  #last = 0;

  constructor(
    private readonly address: string,
    readonly user: Identity,
  ) {}

  get(path: string): Promise<Answer> {
    return this.#send('GET', path);
  }

  post(path: string, body?: object): Promise<Answer> {
    return this.#send('POST', path, body);
  }

  async #send(method: string, path: string, body?: object): Promise<Answer> {
    this.#last += 1;
    const { name, tenant } = this.user;
    const requestId = `${name}-${this.#last}`;
    DeskClient.mostInFlight = Math.max(DeskClient.mostInFlight, ++DeskClient.#inFlight);
    try {
      const response = await fetch(this.address + path, {
        method,
        headers: {
          authorization: `Bearer ${name}`,
          'x-tenant': tenant,
          'x-request-id': requestId,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      const headerId = response.headers.get('x-request-id');
      return { requestId, headerId, status: response.status, body: await response.json() };
    } finally {
      DeskClient.#inFlight -= 1;
    }
  }
}
