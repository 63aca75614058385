import type { InjectionToken } from 'tsyringe';
import type { Class } from './internal.js';
import type { Container, Registration } from './tsyringe-internals.js';

/** How tsyringe notes what a parameter takes, where that is not just a class. */
interface Descriptor {
  readonly token: unknown;
  readonly multiple?: boolean;
  readonly transform?: unknown;
}

/** What `type` takes, by parameter; undefined where that is not known. */
export function parametersOf(type: Class): unknown[] {
  const types: unknown[] = Reflect.getMetadata('design:paramtypes', type) ?? [];
  const tokens: Record<string, unknown> = Reflect.getOwnMetadata('injectionTokens', type) ?? {};
  const parameters = Array.from({ length: Math.max(type.length, types.length) }, (_, i) => types[i]);
  for (const [index, token] of Object.entries(tokens)) parameters[Number(index)] = token;
  return parameters;
}

/**
 * The classes and factories that `container` makes for `type`, as far as that can be known beforehand. Not what is behind
 * `delay`, which is for those that may come round in a circle.
 */
export function dependenciesOf(container: Container, type: unknown): unknown[] {
  if (typeof type !== 'function') return [];
  return parametersOf(type as unknown as Class).flatMap((parameter) => {
    if (!isDescriptor(parameter)) return madeFor(container, parameter);
    const { token, multiple, transform } = parameter;
    return [...madeFor(container, token, multiple), ...madeFor(container, transform)];
  });
}

function isDescriptor(parameter: unknown): parameter is Descriptor {
  return typeof parameter === 'object' && parameter !== null && 'token' in parameter;
}

function madeFor(container: Container, token: unknown, multiple = false): unknown[] {
  if (typeof token !== 'function' && typeof token !== 'string' && typeof token !== 'symbol') return [];
  const known = token as InjectionToken;
  const registrations = multiple
    ? container.getAllRegistrations(known)
    : [container.getRegistration(known)].filter((one) => one !== null);
  // tsyringe makes a class that nobody has registered all the same.
  if (registrations === null || registrations.length === 0) return typeof token === 'function' ? [token] : [];
  return registrations.flatMap(({ provider }) => madeBy(container, provider));
}

function madeBy(
  container: Container,
  { useValue, useToken, useClass, useFactory }: Registration['provider'],
): unknown[] {
  if (useValue !== undefined && useValue !== null) return [];
  if (useToken !== undefined) return madeFor(container, useToken);
  return [useClass ?? useFactory];
}
