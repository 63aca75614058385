import { requireFunction } from './arguments.js';
import { ContextError } from './context-error.js';
import { currentFrame } from './foreign-context.js';
import type { Frame } from './frame.js';
import {
  blockEnded,
  boundIn,
  boundUnder,
  placeOf,
  rebind,
  recordOf,
  slotsAt,
  temporaries,
  temporaryOf,
} from './log-bound.js';
import { readFields, readKeys } from './log-input.js';
import { logKey } from './log-key-slot.js';
import { type BoundBefore, type LogToken, newLogToken } from './log-token.js';
import type { LogValue } from './log-value.js';
import { Lease, Slot } from './slot.js';
import { runAllBound } from './temp-scope.js';
import { inSomeUnit } from './unit-extent.js';

/**
 * Binds fields that every log line of the unit of work has from now on, as `ContextVar.set` does, key by key: callers
 * that awaited this code see them, branches of a plain `Promise.all` share them, `gather` and `createTask` fork. A key
 * of an enclosing `withLogContext` is changed in that block. Values are copied now, at most 1 KiB of each; fields that
 * are `undefined` are left out. Source: structlog's `bind_contextvars`.
 *
 * @throws TypeError where `fields` is no plain object; ContextError `ERR_NO_ACTIVE_CONTEXT` outside any Context;
 * `ERR_SCOPE_ENDED` in work left running by a `withLogContext` of one of the keys that has ended.
 *
 * @example
 * bindLogContext({ orderId: order.id, items: order.items.length });
 */
export function bindLogContext(fields: Readonly<Record<string, unknown>>): LogToken {
  const read = readFields('bindLogContext', fields);
  const frame = currentFrame();
  if (frame === undefined) {
    throw new ContextError(
      'ERR_NO_ACTIVE_CONTEXT',
      'bindLogContext: no fields can be bound outside any context; use withLogContext(fields, fn) or runUnitOfWork.',
    );
  }
  const { cell } = frame;
  const bound = boundIn(cell);
  const before: BoundBefore[] = [];
  for (const key of read.keys()) {
    const place = placeOf(frame, key);
    if (place instanceof Slot && place.lease.ended) throw blockEnded(key);
    const old = place instanceof Slot ? (place.read() as LogValue | undefined) : bound.get(key);
    before.push({ key, place, old });
  }
  const permanent: [string, LogValue][] = [];
  for (const { key, place } of before) {
    const value = read.get(key) as LogValue;
    if (place instanceof Slot) place.write(value);
    else permanent.push([key, value]);
  }
  if (permanent.length > 0) rebind(cell, permanent);
  return newLogToken(cell, before);
}

/**
 * Unbinds keys; those that are not bound are no error. A key of an enclosing `withLogContext` is unbound until the end
 * of that block. Source: structlog's `unbind_contextvars`.
 *
 * @throws TypeError where a key is no string; ContextError `ERR_SCOPE_ENDED` in work left running by a `withLogContext`
 * of the key that has ended, where the key is bound outside of it.
 *
 * @example
 * unbindLogContext('orderId', 'items');
 */
export function unbindLogContext(...keys: string[]): void {
  const read = readKeys('unbindLogContext', keys);
  const frame = currentFrame();
  if (frame === undefined) return;
  const visible = boundUnder(frame.cell, slotsAt(frame));
  const bound = read.filter((key) => visible.has(key));
  for (const key of bound) if (temporaryOf(frame, key)?.lease.ended) throw blockEnded(key);
  unbind(frame, bound);
}

/**
 * Unbinds all keys: those of enclosing `withLogContext` blocks until the end of their block, the others for the unit of
 * work. Outside any context there is nothing to do. Source: structlog's `clear_contextvars`.
 *
 * @example
 * clearLogContext();
 */
export function clearLogContext(): void {
  const frame = currentFrame();
  if (frame !== undefined) unbind(frame, boundUnder(frame.cell, slotsAt(frame)).keys());
}

/** Unbinds keys that are visible at `frame`, each where it is visible from. */
function unbind(frame: Frame, keys: Iterable<string>): void {
  const slots = temporaries(slotsAt(frame));
  const permanent: [string, undefined][] = [];
  for (const key of keys) {
    const slot = slots.get(key);
    if (slot === undefined) permanent.push([key, undefined]);
    else slot.write(undefined);
  }
  if (permanent.length > 0) rebind(frame.cell, permanent);
}

/**
 * Runs `fn` with temporary log fields: only log lines of `fn` and of what it awaits have them, and they end when the
 * call settles, as in `withTempContext`; a lazy result keeps them while it is consumed. Keys that `fn` binds, other
 * than these, stay bound. Source: structlog's `bound_contextvars`.
 *
 * @throws TypeError where an argument has the wrong type; ContextError `ERR_LAZY_RESULT` where `fn` returns a stream.
 *
 * @example
 * await withLogContext({ step: 'charge' }, () => payments.charge(order));
 */
export function withLogContext<R>(fields: Readonly<Record<string, unknown>>, fn: () => R): R {
  const read = readFields('withLogContext', fields);
  requireFunction('withLogContext', fn);
  return inSomeUnit('temporary', (outer) => {
    const lease = new Lease();
    const slots = Array.from(read, ([key, value]) => new Slot(logKey(key), value, lease));
    return runAllBound(outer, slots, lease, fn, undefined);
  });
}

/**
 * What is bound here by `bindLogContext` and `withLogContext`, as a new object; empty outside any context. Declared
 * variables are not in it; see `logFields`. Source: structlog's `get_contextvars`.
 *
 * @example
 * console.log(getLogContext()); // { orderId: 7 }
 */
export function getLogContext(): Record<string, LogValue> {
  const frame = currentFrame();
  return frame === undefined ? {} : recordOf(boundUnder(frame.cell, slotsAt(frame)));
}
