// Contexts with ten values in each library, and what reads and writes them. Each runs `body` inside. The functions that are run in the
// benchmarks are constants of their own files: what is imported, the engine does not know as a constant.

import { AsyncLocalStorage } from 'node:async_hooks';

export const KEYS = Array.from({ length: 10 }, (_, i) => `v${i}`);
/** A new object with a value for each key. */
export const values = () => Object.fromEntries(KEYS.map((key, i) => [key, i]));

/**
 * As in a server, where there is always some work outside any context: with nothing but objects of one shape in them, the engine
 * optimizes contexts for just that shape, which no application has.
 */
async function outsideOf(open) {
  await open(async () => {});
  await Promise.all([Promise.resolve(), new Promise(setImmediate)]);
}

export async function raw(body) {
  const als = new AsyncLocalStorage();
  await outsideOf((fn) => als.run({}, fn));
  return als.run(values(), () => body(als));
}

/** With as many variables as are asked for; `v` is one of them, `other` another. */
export async function own(body, count = KEYS.length) {
  const core = await import('nestjs-contextvars/core');
  const variables = Array.from({ length: count }, (_, i) => new core.ContextVar(`v${i}`));
  await outsideOf((fn) => core.runUnitOfWork({ kind: 'other' }, fn));
  return core.runUnitOfWork({ kind: 'bench' }, () => {
    for (const [i, variable] of variables.entries()) variable.set(i);
    return body({ ...core, v: variables[Math.min(3, count - 1)], other: variables[0], variables });
  });
}

/** Its service alone: importing the package loads all of Nest, which takes longer than the measurement. */
export async function cls(body) {
  const { ClsServiceManager } = await import('nestjs-cls/dist/src/lib/cls-service-manager.js');
  const service = ClsServiceManager.getClsService();
  const symbol = Symbol('v3');
  await outsideOf((fn) => service.runWith({}, fn));
  return service.runWith({ ...values(), [symbol]: 3 }, () => body(service, symbol));
}

export async function unctx(body) {
  const { createContext } = await import('unctx');
  const context = createContext({ asyncContext: true, AsyncLocalStorage });
  await outsideOf((fn) => context.call({}, fn));
  return context.call(values(), () => body(context));
}

/** It refuses a second context inside the first one ("Context conflict"): what opens one is called outside any. */
export async function outsideUnctx(body) {
  const { createContext } = await import('unctx');
  const context = createContext({ asyncContext: true, AsyncLocalStorage });
  await outsideOf((fn) => context.call({}, fn));
  return body(context);
}

export async function otel(body) {
  const { context, createContextKey, ROOT_CONTEXT } = await import('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const keys = KEYS.map(createContextKey);
  await outsideOf((fn) => context.with(ROOT_CONTEXT, fn));
  const filled = keys.reduce((above, key, i) => above.setValue(key, i), ROOT_CONTEXT);
  return context.with(filled, () => body(context, keys[3]));
}

export async function fastify(body) {
  const { asyncLocalStorage, requestContext } = await import('@fastify/request-context');
  await outsideOf((fn) => asyncLocalStorage.run({}, fn));
  return asyncLocalStorage.run(values(), () => body(requestContext));
}
