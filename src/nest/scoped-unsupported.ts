import { type InjectionToken, Scope } from '@nestjs/common';
import { INQUIRER, REQUEST } from '@nestjs/core';
import { path } from '../container/internal.js';
import { ContextError } from '../core/index.js';
import { nameOf } from './scoped-name.js';
import type { Provider } from './visible-providers.js';

/** What keeps `provider` from being a dependency of the context-scoped `name`: Nest makes it per request or per consumer. */
export function unsupported(name: string, provider: Provider): ContextError | undefined {
  if (provider.isTransient) return refused(name, 'transient', [provider]);
  if (provider.isDependencyTreeStatic()) return undefined;
  return refused(name, 'request-scoped', toRequestScoped(provider) ?? [provider]);
}

type Kind = 'transient' | 'request-scoped';

function refused(name: string, kind: Kind, providers: readonly Provider[]): ContextError {
  const names = providers.map(({ token }) => nameOf(token));
  const token = providers.at(-1)?.token;
  return new ContextError(
    'ERR_UNSUPPORTED_DEPENDENCY',
    `Context-scoped '${name}' depends on ${kind} '${nameOf(token)}' (${path([name, ...names])}); ${remedy(kind, token)}.`,
  );
}

function remedy(kind: Kind, token: InjectionToken | undefined): string {
  if (token === REQUEST) return 'inject RequestContext and read its `request`';
  if (token === INQUIRER)
    return 'all who inject it share one, so nobody in particular asks: pass what you need of the consumer as an argument';
  return kind === 'transient'
    ? `a transient one would be shared by all units of work: make '${nameOf(token)}' a singleton, or context-scoped with @ContextScoped() and scopedProvider`
    : `make '${nameOf(token)}' context-scoped with @ContextScoped() and scopedProvider`;
}

/** Down to the one that makes those above it request-scoped. */
function toRequestScoped(provider: Provider, seen: Set<Provider> = new Set()): Provider[] | undefined {
  if (provider.scope === Scope.REQUEST) return [provider];
  seen.add(provider);
  const properties = provider.getPropertiesMetadata() ?? [];
  for (const next of [...(provider.getCtorMetadata() ?? []), ...properties.map(({ wrapper }) => wrapper)]) {
    // Optional ones that nobody provides leave holes.
    if (next === undefined || seen.has(next)) continue;
    const rest = toRequestScoped(next, seen);
    if (rest !== undefined) return [provider, ...rest];
  }
  return undefined;
}
