import { ServerResponse } from 'node:http';
import { HttpExchange } from './http-exchange.js';

/** The headers that carry the ids of a request in its answer. */
export interface IdHeaders {
  /** In lower case; the same for all requests. */
  readonly names: readonly string[];
  readonly values: readonly string[];
}

type WriteHead = ServerResponse['writeHead'];
type Headers = Record<string, unknown>;

/** What is needed of Fastify's. */
export interface FastifyReply {
  header(name: string, value: string): unknown;
}

/** Sets them on `response`, which may be written by anyone from now on. */
export function setIdHeaders(response: ServerResponse, ids: IdHeaders): void {
  for (let i = 0; i < ids.names.length; i++) {
    const name = ids.names[i] as string;
    if (!response.hasHeader(name)) response.setHeader(name, ids.values[i] as string);
  }
}

/**
 * Writes them with the head of `response`, for a framework that gives all of its headers to `writeHead`: Node.js takes
 * longer for those of a response that has some already.
 */
export function writeIdHeaders(exchange: HttpExchange, response: ServerResponse, ids: IdHeaders): void {
  // Without a socket somebody reads the response itself; that of HTTP/2 writes its head by other means.
  if (exchange.carried && response instanceof ServerResponse && !Object.hasOwn(response, 'writeHead')) {
    exchange.idHeaders = ids;
    response.writeHead = writeHead as WriteHead;
  } else setIdHeaders(response, ids);
}

/** Puts them among the headers of Fastify's reply, where hooks, filters and handlers look for them. */
export function giveIdHeaders(exchange: HttpExchange, reply: FastifyReply): void {
  const ids = exchange.idHeaders;
  if (ids === undefined) return;
  for (let i = 0; i < ids.names.length; i++) reply.header(ids.names[i] as string, ids.values[i] as string);
}

/** The same for all responses: the engine learns what it does but once. */
function writeHead(this: ServerResponse, ...args: unknown[]): ServerResponse {
  const ids = HttpExchange.of(this)?.idHeaders;
  const last = args.length - 1;
  if (ids !== undefined && !this.headersSent) {
    if (this.getHeaderNames().length > 0) {
      args[last] = withoutOverridden(args[last], this, ids);
      setIdHeaders(this, ids);
    } else if (isHeaders(args[last])) args[last] = withIds(args[last], ids);
    else setIdHeaders(this, ids);
  }
  const inherited = (Object.getPrototypeOf(this) as ServerResponse).writeHead as (
    ...args: unknown[]
  ) => ServerResponse;
  return inherited.apply(this, args);
}

function isHeaders(value: unknown): value is Headers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What somebody has set on the response wins over what the reply was given here. */
function withoutOverridden(
  headers: unknown,
  response: ServerResponse,
  { names, values }: IdHeaders,
): unknown {
  if (!isHeaders(headers)) return headers;
  const others = { ...headers };
  names.forEach((name, i) => {
    if (others[name] === values[i] && response.hasHeader(name)) delete others[name];
  });
  return others;
}

/** What stands in `headers` wins. A new object where something is added: the given one may be one for all answers. */
function withIds(headers: Headers, { names, values }: IdHeaders): Headers {
  let all = headers;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (name in headers || isNamed(headers, name)) continue;
    if (all === headers) all = { ...headers };
    all[name] = values[i];
  }
  return all;
}

function isNamed(headers: Headers, name: string): boolean {
  for (const other of Object.keys(headers))
    if (other.length === name.length && other.toLowerCase() === name) return true;
  return false;
}
