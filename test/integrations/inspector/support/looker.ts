import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { until } from '../../../nest/http/support/until.js';

export interface SeenEntry {
  readonly id: number;
  readonly parent?: number;
  readonly type: 'scope' | 'unit' | 'instance';
  readonly kind?: string;
  readonly name?: string;
  readonly bindings?: readonly { readonly name: string; readonly value?: string }[];
  readonly startMs: number;
  readonly endMs?: number;
  readonly outcome?: string;
  readonly error?: string;
}

export interface SeenRequest {
  readonly key: number;
  readonly requestId: string;
  readonly kind: string;
  readonly method?: string;
  readonly title: string;
  readonly durationMs?: number;
  readonly status?: number;
  readonly outcome?: string;
  readonly error?: string;
  readonly unseen: boolean;
  readonly fields: Readonly<Record<string, string>>;
  readonly entries: readonly SeenEntry[];
  readonly lines: readonly {
    readonly atMs: number;
    readonly parent?: number;
    readonly level: string;
    readonly context: string;
    readonly text: string;
  }[];
  readonly leftOut: { readonly entries: number; readonly lines: number };
}

export interface Hello {
  readonly session: string;
  readonly columns: readonly string[];
  readonly requests: number;
  readonly actions: readonly unknown[];
}

/** Looks at the events of an inspector as the page does. */
export class Looker {
  readonly response: IncomingMessage;
  /** All that was sent. */
  text = '';
  closed = false;
  #rest = '';
  hello: Hello | undefined;
  readonly #requests = new Map<number, SeenRequest>();

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    response.on('error', () => {});
    response.on('close', () => {
      this.closed = true;
    });
  }

  static async at(
    port: number,
    path = '/inspector/events',
    headers: Record<string, string> = {},
  ): Promise<Looker> {
    const sent = request({ port, host: '127.0.0.1', path, headers, agent: false });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const looker = new Looker(response);
    if (response.statusCode === 200) await until('it says hello', () => looker.hello !== undefined);
    return looker;
  }

  /** Oldest first. */
  get requests(): SeenRequest[] {
    return [...this.#requests.values()].sort((a, b) => a.key - b.key);
  }

  /** The latest request with that path, once it is over, and all that began in it. */
  async over(title: string): Promise<SeenRequest> {
    let found: SeenRequest | undefined;
    await until(`${title} is over`, () => {
      found = this.requests.findLast((one) => one.title === title);
      return found?.durationMs !== undefined && found.entries.every(({ endMs }) => endMs !== undefined);
    });
    return found as SeenRequest;
  }

  /** Goes away. */
  async leave(): Promise<void> {
    this.response.destroy();
    await until('it has left', () => this.closed);
  }

  #read(chunk: string): void {
    this.text += chunk;
    const events = (this.#rest + chunk).split('\n\n');
    this.#rest = events.pop() ?? '';
    for (const event of events) {
      const name = event.match(/^event: (.*)$/m)?.[1];
      const data = event.match(/^data: (.*)$/m)?.[1];
      if (name === 'hello') this.hello = JSON.parse(data ?? '');
      else if (name === 'request') {
        const seen = JSON.parse(data ?? '') as SeenRequest;
        this.#requests.set(seen.key, seen);
      }
    }
  }
}
