import { types } from 'node:util';
import { ContextError, type ContextErrorCode } from '../../core/index.js';
import { MARK } from './envelope.js';

/**
 * What a worker function threw, as it is sent back. Not the error itself: the structured clone algorithm keeps its
 * message and drops its code, its class and all else that it has.
 */
export interface Failure {
  readonly [MARK]: 'failure';
  readonly thrown: Thrown;
}

type Thrown = { readonly value: unknown } | ThrownError;

interface ThrownError {
  readonly className: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly cause?: Thrown;
  readonly errors?: readonly Thrown[];
}

type MakeError = (error: ThrownError) => Error;

/** The classes that both sides have, those with a base class among them first. */
const classes: readonly (readonly [type: abstract new (...args: never[]) => Error, make: MakeError])[] = [
  [ContextError, ({ message, properties }) => new ContextError(properties.code as ContextErrorCode, message)],
  [AggregateError, ({ message, errors = [] }) => new AggregateError(errors.map(errorOf), message)],
  [DOMException, ({ message, name }) => new DOMException(message, name)],
  ...[EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, Error].map(
    (type) => [type, ({ message }: ThrownError) => new type(message)] as const,
  ),
];

/** A chain of causes that goes on for longer, or in a circle, is cut. */
const DEPTH = 8;

export function failureOf(error: unknown): Failure {
  return { [MARK]: 'failure', thrown: thrownOf(error, 0) };
}

export function isFailure(error: unknown): error is Failure {
  return typeof error === 'object' && error !== null && (error as Partial<Failure>)[MARK] === 'failure';
}

/** What was thrown, made anew. */
export function errorOf(thrown: Thrown): unknown {
  if ('value' in thrown) return thrown.value;
  const make =
    classes.find(([type]) => type.name === thrown.className)?.[1] ?? (() => new Error(thrown.message));
  const error = make(thrown);
  for (const [key, value] of Object.entries(thrown.properties)) {
    // Not those that the class gives itself: the code of a DOMException.
    if (!(key in error)) define(error, key, value, true);
  }
  if (error.name !== thrown.name) define(error, 'name', thrown.name, false);
  // The worker's: here it would show how the answer came in.
  define(error, 'stack', thrown.stack, false);
  if (thrown.cause !== undefined) define(error, 'cause', errorOf(thrown.cause), false);
  return error;
}

function thrownOf(error: unknown, depth: number): Thrown {
  try {
    return isError(error) ? describe(error, depth) : { value: structuredClone(error) };
  } catch {
    // It cannot be cloned, or throws where it is read.
    const message = `The worker function threw ${typeof error === 'object' ? 'an object' : `a ${typeof error}`} that cannot be cloned`;
    return describe(new Error(message), depth);
  }
}

function isError(error: unknown): error is Error {
  return types.isNativeError(error) || error instanceof Error;
}

function describe(error: Error, depth: number): ThrownError {
  const { name, message, stack, cause } = error;
  const goesOn = depth < DEPTH;
  const errors = error instanceof AggregateError && goesOn ? error.errors : undefined;
  return {
    className: classes.find(([type]) => error instanceof type)?.[0].name ?? 'Error',
    name: String(name),
    message: String(message),
    stack: stack === undefined ? undefined : String(stack),
    properties: propertiesOf(error),
    ...(goesOn && cause !== undefined && { cause: thrownOf(cause, depth + 1) }),
    ...(errors !== undefined && { errors: errors.map((one: unknown) => thrownOf(one, depth + 1)) }),
  };
}

/** Those that can be cloned, and `code`, wherever it stands. */
function propertiesOf(error: Error): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(error), 'code'])) {
    if (['name', 'message', 'stack', 'cause', 'errors'].includes(key)) continue;
    try {
      const value = structuredClone((error as unknown as Record<string, unknown>)[key]);
      if (value !== undefined) define(properties, key, value, true);
    } catch {
      // A request, a socket, a function: the rest is worth more than nothing.
    }
  }
  return properties;
}

// Not an assignment: the key may be '__proto__'.
function define(target: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, configurable: true, writable: true });
}
