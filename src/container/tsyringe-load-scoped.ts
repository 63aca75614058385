import type { InjectionToken } from 'tsyringe';
import { wrongArgument } from '../core/internal.js';
import { isContextScoped, type Scoped, scopedOf } from './internal.js';
import { notContextScoped, notRegistered } from './tsyringe-errors.js';
import { tsyringe } from './tsyringe-library.js';

/**
 * Makes what is given for the current unit of work and awaits its asynchronous factories and those of what it depends on:
 * what a container resolved to, or a token or class, which tsyringe's own `container` resolves.
 *
 * @throws ContextError ERR_NO_ACTIVE_CONTEXT outside any unit of work, ERR_SCOPE_ENDED after its end, ERR_NOT_REGISTERED for
 * an unknown token, ERR_NOT_CONTEXT_SCOPED for something else; what a factory throws passes as it is.
 *
 * @example
 * await new Context().run(async () => {
 *   await loadScoped('Connection');
 *   await container.resolve(OrderService).placeAll();
 * });
 */
export async function loadScoped(...scoped: (object | string | symbol)[]): Promise<void> {
  const all = scoped.map(scopedFor);
  await Promise.all(all.map((one) => one.load()));
}

function scopedFor(one: object | string | symbol): Scoped {
  const isName = typeof one === 'string' || typeof one === 'symbol';
  if (!isName && (one === null || (typeof one !== 'object' && typeof one !== 'function')))
    throw wrongArgument('loadScoped', 'what a container resolved to, a token or a class', one);
  return (isName ? undefined : scopedOf(one)) ?? resolved(one);
}

function resolved(token: object | string | symbol): Scoped {
  const { container } = tsyringe;
  const registered = container.isRegistered(token as InjectionToken, true);
  if ((typeof token === 'string' || typeof token === 'symbol') && !registered) throw notRegistered(token);
  const standIn: unknown =
    registered || isContextScoped(token) ? container.resolve(token as InjectionToken) : undefined;
  const scoped = scopedOf(standIn as object);
  if (scoped === undefined) throw notContextScoped(nameOf(token));
  return scoped;
}

function nameOf(token: object | string | symbol): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'object' ? `an instance of ${token.constructor?.name}` : String(token);
}
