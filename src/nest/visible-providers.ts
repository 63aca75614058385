import type { InjectionToken } from '@nestjs/common';
import { ModuleRef, type ModulesContainer } from '@nestjs/core';
import { dependenciesOfFactory } from './scoped-dependencies.js';

/** A module of the application, as Nest keeps it. */
export type Module = ModulesContainer extends Map<string, infer M> ? M : never;
/** A provider of a module, as Nest keeps it. */
export type Provider = Module['providers'] extends Map<unknown, infer P> ? P : never;

/** The module that `moduleRef` is of. */
export function moduleOf(modules: ModulesContainer, moduleRef: ModuleRef): Module | undefined {
  for (const module of modules.values()) {
    if (module.providers.get(ModuleRef)?.instance === moduleRef) return module;
  }
  return undefined;
}

/** The provider that Nest would inject for `token` in `module`: its own, or one that an import exports. */
export function visibleProvider(module: Module, token: InjectionToken): Provider | undefined {
  const found = module.providers.get(token) ?? exportedProvider(module, token, new Set(), false);
  return found && behindAlias(found);
}

/** In Nest's own order: depth first, and of the imports of an import only those that it exports again. */
function exportedProvider(
  module: Module,
  token: InjectionToken,
  seen: Set<Module>,
  deeper: boolean,
): Provider | undefined {
  for (const imported of module.imports) {
    if (seen.has(imported) || (deeper && !module.exports.has(imported.metatype))) continue;
    seen.add(imported);
    const own = imported.exports.has(token) ? imported.providers.get(token) : undefined;
    const found = own ?? exportedProvider(imported, token, seen, true);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What `useExisting` names. */
function behindAlias(provider: Provider): Provider {
  const [named] = provider.isAlias ? dependenciesOfFactory(provider.inject ?? []) : [];
  const { host } = provider;
  if (named?.token === undefined || host === undefined) return provider;
  const target = visibleProvider(host, named.token);
  return target === undefined || target === provider ? provider : target;
}
