import { ContextVar, codecs, runUnitOfWork } from 'nestjs-contextvars/core';
import type { Seen } from './recording-server.js';

export const tenant = new ContextVar<string>('tenant', { codec: codecs.string });
export const attempts = new ContextVar<number>('attempts', { codec: codecs.number });
/** Never leaves the process. */
export const local = new ContextVar<string>('local');

/** Runs `fn` in a unit of work of its own, called `id`, for the tenant `tenant-<id>`. */
export function inUnit<R>(id: string, fn: () => R): R {
  return runUnitOfWork({ kind: 'test', id }, () => {
    tenant.set(`tenant-${id}`);
    local.set(`secret-${id}`);
    return fn();
  });
}

/** Everything of a context that is on a request. */
export function contextOf({ headers }: Pick<Seen, 'headers'>): Record<string, unknown> {
  return {
    request: headers['x-request-id'],
    correlation: headers['x-correlation-id'],
    baggage: headers.baggage,
  };
}

/** What a request in the unit `id` carries. */
export const carried = (id: string) => ({ request: id, correlation: id, baggage: `tenant=tenant-${id}` });
export const NOTHING = { request: undefined, correlation: undefined, baggage: undefined };
