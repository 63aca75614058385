import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import { cutLogText } from './log-text.js';
import { opaque } from './opaque.js';

// What stands in a log record for values that JSON has no words for. All of these may throw, as what they look at may.

/** What a name or a message in brackets may have, in bytes. */
export const NAME_LIMIT = 128;

/** More digits than are shown anyway, and to write them all out takes long. */
const HUGE = 2n ** 4096n;

const STAND_IN = '[Context-scoped instance]';

export function ofNumber(value: number): number | string {
  if (value === 0) return 0;
  return Number.isFinite(value) ? value : String(value);
}

function ofBigInt(value: bigint): string {
  return value < HUGE && value > -HUGE ? String(value) : '[BigInt]';
}

export function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A text for what is no object. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return ofBigInt(value);
  if (typeof value === 'function') {
    if (opaque.has(value)) return STAND_IN;
    const { name } = value as { readonly name: unknown };
    return typeof name === 'string' && name !== ''
      ? `[Function ${cutLogText(name, NAME_LIMIT)}]`
      : '[Function]';
  }
  // Symbols only: the others are no text.
  return String(value);
}

/** What was thrown, by whatever was looked at; itself not to be trusted. */
export function thrownText(error: unknown): string {
  try {
    const message = isContainer(error) ? (error as { message?: unknown }).message : textOf(error);
    if (typeof message === 'string') return `[Throws: ${cutLogText(message, NAME_LIMIT)}]`;
  } catch {}
  return '[Throws]';
}

export function classOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  return typeof name === 'string' && name !== '' ? cutLogText(name, NAME_LIMIT) : 'Object';
}

const sizeOfMap = Object.getOwnPropertyDescriptor(Map.prototype, 'size')?.get;
const sizeOfSet = Object.getOwnPropertyDescriptor(Set.prototype, 'size')?.get;

/** Objects whose content is not for a log, or cannot be had without more than a look; undefined for all others. */
export function describe(value: object): string | undefined {
  // Reading a property of one makes an instance.
  if (opaque.has(value)) return STAND_IN;
  if (types.isMap(value)) return `[Map(${sizeOfMap?.call(value)})]`;
  if (types.isSet(value)) return `[Set(${sizeOfSet?.call(value)})]`;
  if (ArrayBuffer.isView(value)) return `[${classOf(value)}(${value.byteLength} bytes)]`;
  if (types.isAnyArrayBuffer(value)) return `[${classOf(value)}(${value.byteLength} bytes)]`;
  if (types.isPromise(value)) return '[Promise]';
  if (types.isWeakMap(value)) return '[WeakMap]';
  if (types.isWeakSet(value)) return '[WeakSet]';
  if (types.isRegExp(value)) return RegExp.prototype.toString.call(value);
  // Sockets, streams, requests: a thousand things that nobody wanted to log, headers with credentials among them.
  if (value instanceof EventEmitter) return `[${classOf(value)}]`;
  return undefined;
}

export function unboxed(value: object): unknown {
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value);
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value);
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value);
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value);
  return Symbol.prototype.valueOf.call(value);
}
