import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Answer, Sent } from './http-client.js';

/** What answers Node's requests: an Express application, or Fastify's `routing`. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** The way of serverless adapters: a request and a response that no server has made and no socket carries. */
export async function callListener(
  listener: RequestListener,
  { path, method = 'GET', headers = {}, body = '' }: Sent,
): Promise<Answer> {
  const socket = { remoteAddress: '127.0.0.1', readable: true, end() {}, destroy() {}, on() {} };
  const request = Object.assign(new IncomingMessage(socket as never), {
    url: path,
    method,
    httpVersion: '1.1',
    complete: true,
    headers: body === '' ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) },
  });
  request.push(body);
  request.push(null);

  const response = new ServerResponse(request);
  const wire = new PassThrough();
  response.assignSocket(wire as never);
  wire.on('drain', () => response.emit('drain'));
  let text = '';
  wire.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  const finished = once(response, 'finish');
  listener(request, response);
  await finished;
  const at = text.indexOf('\r\n\r\n');
  const answered = Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]);
  return { status: response.statusCode, headers: Object.fromEntries(answered), text: text.slice(at + 4) };
}
