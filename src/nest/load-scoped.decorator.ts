import type { InjectionToken } from '@nestjs/common';
import { wrapMethod, wrongArgument } from '../core/internal.js';
import { noteConsumers } from './applications.js';
import { ScopedProviders } from './scoped-providers.js';

type Method = (this: object, ...args: unknown[]) => unknown;

/**
 * Waits, before a method runs, for context-scoped providers with an asynchronous factory: on a handler, on any other
 * method of a provider, or on a class, for each of its own methods but Nest's lifecycle hooks. The method gives a promise
 * from then on. On an instance that no application has made, as in a unit test, there is nothing to wait for.
 *
 * @param tokens What is waited for: the tokens that its module injects them by.
 * @throws ContextError ERR_NOT_CONTEXT_SCOPED where one of them is not context-scoped or not visible in the module;
 * what a factory throws passes as it is.
 *
 * @example
 * \@Get()
 * \@LoadScoped(CONNECTION)
 * list() {
 *   return this.connection.query('select * from orders');
 * }
 */
export function LoadScoped(...tokens: InjectionToken[]): MethodDecorator & ClassDecorator {
  if (tokens.length === 0) throw wrongArgument('@LoadScoped', 'at least one token', undefined);
  if (tokens.includes(undefined as never))
    throw wrongArgument('@LoadScoped', 'tokens, none of them from an import cycle', undefined);
  const onMethod = wrapMethod('@LoadScoped', (method) => {
    const original = method as Method;
    return async function (this: object, ...args: unknown[]): Promise<unknown> {
      await ScopedProviders.load(this, tokens);
      return original.apply(this, args);
    } as Method as typeof method;
  });
  return ((target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (key === undefined) eachMethod(target as { prototype: object }, onMethod);
    else onMethod(target, key, descriptor as PropertyDescriptor);
    noteConsumers(key === undefined ? (target as { prototype: object }).prototype : target);
  }) as MethodDecorator & ClassDecorator;
}

/** Called by Nest outside any unit of work. */
const lifecycle: ReadonlySet<string> = new Set([
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
]);

/** Not those named by a symbol: the language calls them, and does not wait. */
function eachMethod({ prototype }: { prototype: object }, decorate: MethodDecorator): void {
  for (const key of Object.getOwnPropertyNames(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor;
    if (key === 'constructor' || lifecycle.has(key) || typeof descriptor.value !== 'function') continue;
    decorate(prototype, key, descriptor);
    Object.defineProperty(prototype, key, descriptor);
  }
}
