import { once } from 'node:events';
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

export interface Sent {
  readonly path: string;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Target {
  readonly port: number;
  readonly host?: string;
  /** Default: a connection per request. */
  readonly agent?: Agent;
}

export async function send(
  { port, host = '127.0.0.1', agent }: Target,
  { path, method = 'GET', headers = {}, body }: Sent,
): Promise<Answer> {
  const sent = request({ port, host, agent: agent ?? false, path, method, headers });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('latin1')) text += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}
