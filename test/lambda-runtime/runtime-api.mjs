import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

const PREFIX = '/2018-06-01/runtime';

/** The Runtime API of AWS Lambda, as its documentation has it: a client asks for the next invocation and posts the answer. */
export class RuntimeApi {
  #server = createServer((request, response) => void this.#serve(request, response));
  #waiting = [];
  #asking = [];
  #running = new Map();
  #failure = deferred();

  async listen() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${this.#server.address().port}`;
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Ends all that waits, because the client has gone. */
  fail(error) {
    this.#failure.promise.catch(() => {});
    this.#failure.reject(error);
  }

  /** Gives what the client answers the invocation with: `{ body }` or `{ error }`, and `streamed` where it was. */
  invoke(id, event, msLeft = 60_000) {
    const { promise, resolve } = deferred();
    this.#running.set(id, resolve);
    this.#waiting.push({ id, event, msLeft });
    this.#next();
    return Promise.race([promise, this.#failure.promise]);
  }

  async #serve(request, response) {
    const [, id, kind] = request.url.match(/\/invocation\/([^/]+)\/(response|error)$/) ?? [];
    if (request.url === `${PREFIX}/invocation/next`) {
      this.#asking.push(response);
      this.#next();
      return;
    }
    const body = (await buffer(request)).toString();
    response.writeHead(202).end('{"status":"OK"}');
    const answer = this.#running.get(id);
    this.#running.delete(id);
    if (answer === undefined) this.fail(new Error(`unexpected ${request.method} ${request.url}: ${body}`));
    else if (kind === 'error') answer({ error: JSON.parse(body) });
    else answer(streamedAnswer(request, body) ?? { body: JSON.parse(body) });
  }

  #next() {
    if (this.#waiting.length === 0 || this.#asking.length === 0) return;
    const { id, event, msLeft } = this.#waiting.shift();
    const headers = {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(Date.now() + msLeft),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-1:1:function:orders',
    };
    this.#asking.shift().writeHead(200, headers).end(JSON.stringify(event));
  }
}

/** A streamed answer tells in its trailers what became of it. */
function streamedAnswer({ headers, trailers }, body) {
  if (headers['lambda-runtime-function-response-mode'] !== 'streaming') return undefined;
  const error = trailers['lambda-runtime-function-error-body'];
  if (error === undefined) return { streamed: true, body };
  return { streamed: true, body, error: JSON.parse(Buffer.from(error, 'base64').toString()) };
}

function deferred() {
  let settle;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}
