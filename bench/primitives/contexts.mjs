// Contexts with ten values in each library, and what reads and writes them. Each runs `body` inside. The functions that are run in the
// benchmarks are constants of their own files: what is imported, the engine does not know as a constant.

import { AsyncLocalStorage } from 'node:async_hooks';

export const KEYS = Array.from({ length: 10 }, (_, i) => `v${i}`);
/** A new object with a value for each key. */
export const values = () => Object.fromEntries(KEYS.map((key, i) => [key, i]));

export function raw(body) {
  const als = new AsyncLocalStorage();
  return als.run(values(), () => body(als));
}

/** With one value, so that a new store has the shape of the one around, as all stores of an application have. */
export function rawOfOne(body) {
  const als = new AsyncLocalStorage();
  return als.run({ v3: 1 }, () => body(als));
}

/** With as many variables as are asked for; `v` is one of them, `other` another. */
export async function own(body, count = KEYS.length) {
  const core = await import('nestjs-contextvars/core');
  const variables = Array.from({ length: count }, (_, i) => new core.ContextVar(`v${i}`));
  return core.runUnitOfWork({ kind: 'bench' }, () => {
    for (const [i, variable] of variables.entries()) variable.set(i);
    return body({ ...core, v: variables[Math.min(3, count - 1)], other: variables[0], variables });
  });
}

/**
 * In a server there is always some work outside any context. Until there is, the engine optimizes contexts for the one shape that all
 * of them have, which on Node.js 20 makes `als.run` slower.
 */
async function otherWork(open) {
  await open(async () => {});
  await new Promise(setImmediate);
}

export async function rawInAServer(body) {
  const als = new AsyncLocalStorage();
  await otherWork((fn) => als.run({}, fn));
  return als.run({ v3: 1 }, () => body(als));
}

export async function ownInAServer(body) {
  const { runUnitOfWork } = await import('nestjs-contextvars/core');
  await otherWork((fn) => runUnitOfWork({ kind: 'other' }, fn));
  return own(body);
}

/** Its service alone: importing the package loads all of Nest, which takes longer than the measurement. */
export async function cls(body) {
  const { ClsServiceManager } = await import('nestjs-cls/dist/src/lib/cls-service-manager.js');
  const service = ClsServiceManager.getClsService();
  const symbol = Symbol('v3');
  return service.runWith({ ...values(), [symbol]: 3 }, () => body(service, symbol));
}

export async function unctx(body) {
  const { createContext } = await import('unctx');
  const context = createContext({ asyncContext: true, AsyncLocalStorage });
  return context.call(values(), () => body(context));
}

/** It refuses a second context inside the first one ("Context conflict"): what opens one is called outside any. */
export async function outsideUnctx(body) {
  const { createContext } = await import('unctx');
  const context = createContext({ asyncContext: true, AsyncLocalStorage });
  return body(context);
}

export async function otel(body) {
  const { context, createContextKey, ROOT_CONTEXT } = await import('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const keys = KEYS.map(createContextKey);
  const filled = keys.reduce((above, key, i) => above.setValue(key, i), ROOT_CONTEXT);
  return context.with(filled, () => body(context, keys[3]));
}

export async function fastify(body) {
  const { asyncLocalStorage, requestContext } = await import('@fastify/request-context');
  return asyncLocalStorage.run(values(), () => body(requestContext));
}
