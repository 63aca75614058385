import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { storage } from '../core/internal.js';
import type { HttpOpener } from './http-opener.js';

type Next = (error?: unknown) => void;
type Hook = (request: unknown, response: unknown, next: Next) => unknown;

/** What the adapters of Nest 11.2 and 12 have in common, over what they declare. */
interface HookedAdapter {
  onRequestHook?: Hook;
  setOnRequestHook?(hook: Hook): void;
}

/**
 * The first hook of the framework: every request passes here, also one that no server of Nest's has seen
 * (Fastify's `inject()` and second socket, further servers on one Express instance, serverless adapters).
 * The adapter has one slot for it, which other packages take too: theirs runs after ours, inside.
 */
export function openAtFramework(adapter: AbstractHttpAdapter, opener: HttpOpener): void {
  const hooked = adapter as unknown as HookedAdapter;
  const set = hooked.setOnRequestHook;
  if (set === undefined) {
    openAtFirstMiddleware(adapter, opener);
    return;
  }
  let other = hooked.onRequestHook;
  const runOther: Hook = (request, response, next) => {
    if (other === undefined) next();
    else callHook(() => other?.call(hooked, request, response, next), next);
  };
  set.call(hooked, openFor(opener, runOther));
  hooked.setOnRequestHook = (hook) => {
    other = hook;
  };
}

/** Nest before 11.2 has no such hook: the framework's own first middleware it is. */
function openAtFirstMiddleware(adapter: AbstractHttpAdapter, opener: HttpOpener): void {
  const hook = openFor(opener, (_request, _response, next) => next());
  const instance = adapter.getInstance<{ addHook?(name: string, hook: Hook): void }>();
  // Fastify takes a hook with three parameters as one that calls back.
  if (instance.addHook !== undefined) {
    instance.addHook('onRequest', (request, response, next) => void hook(request, response, next));
  } else adapter.use(hook);
}

function openFor(opener: HttpOpener, then: Hook): Hook {
  return (request, response, next) => {
    const raw = rawOf<IncomingMessage>(request);
    const rawResponse = rawOf<ServerResponse>(response);
    const open = (): void =>
      opener.open(raw, rawResponse, (exchange) => {
        if (exchange === undefined) {
          then(request, response, next);
          return;
        }
        exchange.request = request;
        exchange.response = response;
        exchange.settle(response as object);
        opener.setUp(exchange, raw, rawResponse, (error) => {
          if (error !== undefined) next(error);
          else then(request, response, next);
        });
      });
    unlessRefused(opener, raw, open, (error) => next(error ?? new Error('The request could not be opened')));
  };
}

/** Runs `open`, or `refused` where the request cannot be opened; any other error passes. */
function unlessRefused<R>(
  opener: HttpOpener,
  request: object,
  open: () => R,
  refused: (error: unknown) => R,
): R {
  const before = opener.refusal(request);
  if (before !== undefined) return refused(before.error);
  try {
    return open();
  } catch (error) {
    const refusal = opener.refusal(request);
    if (refusal === undefined) throw error;
    return refused(refusal.error);
  }
}

/** As the adapters run it: an error or a rejection of the hook is an answer to the request. */
function callHook(run: () => unknown, next: Next): void {
  const fail = (error: unknown) => next(error || new Error('Request hook failed'));
  try {
    const result = run() as PromiseLike<unknown> | undefined;
    if (typeof result?.then === 'function') result.then(undefined, fail);
  } catch (error) {
    fail(error);
  }
}

/** Fastify wraps Node's objects, Express extends them. */
function rawOf<T>(object: unknown): T {
  return ((object as { raw?: T }).raw ?? object) as T;
}

/** The earliest point: everything that listens to the server's `request` event runs inside. */
export function openAtServer(server: Server, opener: HttpOpener): void {
  const emit: (event: string, ...args: unknown[]) => boolean = server.emit;
  server.emit = (event: string, ...args: unknown[]): boolean => {
    if (event !== 'request') return emit.call(server, event, ...args);
    const [request, response] = args as [IncomingMessage, ServerResponse];
    const hand = () => emit.call(server, event, ...args);
    // Outside any context, to the hook of the framework, which has an answer.
    return unlessRefused(
      opener,
      request,
      () => opener.open(request, response, hand),
      () => storage.run(undefined, hand),
    );
  };
}
