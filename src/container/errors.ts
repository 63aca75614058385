import { ContextError } from '../core/index.js';
import type { Scoped } from './scoped.js';

type Named = Pick<Scoped, 'name'>;

/** `A -> B -> C`. */
export function path(names: readonly string[]): string {
  return names.join(' -> ');
}

export function noUnit({ name }: Named): ContextError {
  return new ContextError(
    'ERR_NO_ACTIVE_CONTEXT',
    `Context-scoped '${name}' is used outside any unit of work; use it in a request, a task, new Context().run or runUnitOfWork.`,
  );
}

export function ended({ name }: Named): ContextError {
  return new ContextError(
    'ERR_SCOPE_ENDED',
    `Context-scoped '${name}' is used after the end of its unit of work; work that outlives it belongs in createTask or @PreserveContext.`,
  );
}

export function cycle(names: readonly string[], kind = 'Context-scoped'): ContextError {
  return new ContextError(
    'ERR_DEPENDENCY_CYCLE',
    `${kind} '${names[0]}' depends on itself: ${path(names)}; take one of them out, or put forwardRef (Nest) or delay (tsyringe) on one and use it after construction.`,
  );
}

export function notLoaded({ name }: Named): ContextError {
  return new ContextError(
    'ERR_INSTANCE_NOT_LOADED',
    `Context-scoped '${name}' has an asynchronous factory and is used before that has settled; put @LoadScoped (Nest) on the class or method that needs it, or await loadScoped (tsyringe) before.`,
  );
}

export function invalidInstance({ name }: Named, made: unknown): ContextError {
  const got = made === null ? 'null' : made === undefined ? 'undefined' : `a ${typeof made}`;
  return new ContextError(
    'ERR_INVALID_INSTANCE',
    `The factory of context-scoped '${name}' gave ${got}, for which nothing can stand in; give an object that holds it.`,
  );
}

export function unmarkedSubclass({ name }: { readonly name: string }): ContextError {
  return new ContextError(
    'ERR_NOT_CONTEXT_SCOPED',
    `${name} extends a context-scoped class and has no @ContextScoped() of its own; decorate it, or it would be one for all units of work.`,
  );
}
