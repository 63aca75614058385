import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { HttpOpener } from './http-opener.js';

type Hook = (request: unknown, response: unknown, next: (error?: unknown) => void) => unknown;

/** What the adapters of Nest 11.2 and 12 have in common, over what they declare. */
interface HookedAdapter {
  onRequestHook?: Hook;
  setOnRequestHook(hook: Hook): void;
}

/**
 * The first hook of the framework: every request passes here, also one that no server of Nest's has seen
 * (Fastify's `inject()` and second socket, further servers on one Express instance, serverless adapters).
 * The adapter has one slot for it, which other packages take too: theirs runs after ours, inside.
 */
export function openAtRequestHook(adapter: AbstractHttpAdapter, opener: HttpOpener): void {
  const hooked = adapter as unknown as HookedAdapter;
  const set = hooked.setOnRequestHook;
  let other = hooked.onRequestHook;
  set.call(hooked, (request, response, next) => {
    const raw = rawOf<IncomingMessage>(request);
    opener.open(raw, rawOf<ServerResponse>(response), (exchange) => {
      exchange.request = request;
      exchange.response = response;
      opener.setUp(exchange, raw, (error) => {
        if (error !== undefined || other === undefined) next(error);
        else other.call(hooked, request, response, next);
      });
    });
  });
  hooked.setOnRequestHook = (hook) => {
    other = hook;
  };
}

/** Fastify wraps Node's objects, Express extends them. */
function rawOf<T>(object: unknown): T {
  return ((object as { raw?: T }).raw ?? object) as T;
}

/** The earliest point: everything that listens to the server's `request` event runs inside. */
export function openAtServer(server: Server, opener: HttpOpener): void {
  const { emit } = server;
  server.emit = (event: string, ...args: unknown[]): boolean => {
    const emitted = () => Reflect.apply(emit, server, [event, ...args]) as boolean;
    if (event !== 'request') return emitted();
    return opener.open(args[0] as IncomingMessage, args[1] as ServerResponse, emitted);
  };
}
