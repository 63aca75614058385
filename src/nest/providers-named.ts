import type { ModulesContainer } from '@nestjs/core';

/**
 * The instances of the classes called `className` that the modules called `moduleName` provide: how packages that this one
 * does not import are found in an application that has them.
 */
export function providersNamed(modules: ModulesContainer, moduleName: string, className: string): object[] {
  const found: object[] = [];
  for (const { metatype, providers } of modules.values()) {
    if (metatype?.name !== moduleName) continue;
    for (const { metatype: type, instance } of providers.values()) {
      if (type?.name === className && typeof instance === 'object' && instance !== null) found.push(instance);
    }
  }
  return found;
}

/** `object` as a `T`, if it has all these methods. */
export function withMethods<T extends object>(
  object: object,
  methods: readonly (keyof T & string)[],
): T | undefined {
  const has = methods.every((name) => typeof (object as Record<string, unknown>)[name] === 'function');
  return has ? (object as T) : undefined;
}
