import { ContextError } from '../core/index.js';
import { path } from './errors.js';
import { isPromiseLike } from './scoped.js';

const consumer = /^ *Cannot inject the dependency .* of "(.*)" constructor\. Reason:$/;
const reasons: readonly (readonly [RegExp, remedy: string])[] = [
  [
    /^ *Attempted to resolve unregistered dependency token: "(.*)"$/,
    'register that token in the container, or mark the parameter as optional',
  ],
  [
    /^ *TypeInfo not known for "(.*)"$/,
    'name a token with @inject() at the parameter, or put @injectable() on the class',
  ],
  [
    /^ *Attempted to construct an (undefined) constructor\./,
    'what is undefined there is imported in a circle: use @inject(delay(() => ...))',
  ],
];

/** Whether tsyringe made it, be it around the text of another one. */
export function isTsyringes(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const first = error.message.split('\n', 1)[0] ?? '';
  return [consumer, ...reasons.map(([reason]) => reason)].some((pattern) => pattern.test(first));
}

/** Makes the instance of `name`; where tsyringe misses something for it, that is told with the path to it. */
export function explaining<T>(name: string, make: () => T | PromiseLike<T>): T | PromiseLike<T> {
  try {
    const made = make();
    if (!isPromiseLike(made)) return made;
    return Promise.resolve<T>(made as PromiseLike<T>).catch((error: unknown) => {
      throw explained(name, error);
    });
  } catch (error) {
    throw explained(name, error);
  }
}

function explained(name: string, error: unknown): unknown {
  if (!isTsyringes(error)) return error;
  const lines = error.message.split('\n');
  const last = lines.at(-1) ?? '';
  for (const [reason, remedy] of reasons) {
    const missing = reason.exec(last)?.[1];
    if (missing === undefined) continue;
    const consumers = lines.flatMap((line) => consumer.exec(line)?.[1] ?? []);
    if (consumers[0] === name) consumers.shift();
    return unknownDependency([name, ...consumers, missing], remedy, error);
  }
  return error;
}

export function unknownParameter(name: string, index: number): ContextError {
  return unknownDependency(
    [name, `parameter #${index}`],
    'compile with emitDecoratorMetadata, or name a token with @inject(), or, where its class is imported in a circle, use @inject(delay(() => ...))',
  );
}

function unknownDependency(names: readonly string[], remedy: string, cause?: Error): ContextError {
  return new ContextError(
    'ERR_UNKNOWN_DEPENDENCY',
    `Context-scoped '${names[0]}' needs '${names.at(-1)}', which tsyringe does not know: ${path(names)}; ${remedy}.`,
    cause && { cause },
  );
}

export function notRegistered(token: string | symbol): ContextError {
  return new ContextError(
    'ERR_NOT_REGISTERED',
    `'${String(token)}' is not registered in tsyringe's container; register it, or, where that is done in a container of your own, give what that one resolves it to.`,
  );
}

export function notContextScoped(name: string): ContextError {
  return new ContextError(
    'ERR_NOT_CONTEXT_SCOPED',
    `'${name}' is not context-scoped; put @ContextScoped() on the class, or register the token with contextScopedFactory.`,
  );
}
