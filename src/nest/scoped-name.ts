import type { InjectionToken } from '@nestjs/common';

/** What messages call `token`. */
export function nameOf(token: InjectionToken | undefined): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'symbol' ? (token.description ?? String(token)) : String(token);
}
