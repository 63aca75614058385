import { demoToken } from '../identity/demo-tokens.js';
import type { Identity } from '../identity/identity.js';

/** Somebody of one of the tenants, with a token. */
export interface LoadCaller extends Identity {
  readonly token: string;
}

/** Two of each tenant, one tenant after the other, so that neighbours are of different ones. */
export async function loadCallers(tenants: number): Promise<LoadCaller[]> {
  const names = Array.from({ length: tenants }, (_, n) => `tenant-${n + 1}`);
  const identities = ['one', 'two'].flatMap((user) =>
    names.map((tenant) => ({ name: `${user}-of-${tenant}`, tenant, role: 'clerk' as const })),
  );
  return Promise.all(
    // Long enough for any load.
    identities.map(async (identity) => ({
      ...identity,
      token: await demoToken(identity, 'order-desk', { exp: Math.floor(Date.now() / 1000) + 86_400 }),
    })),
  );
}

export function headersOf({ token, tenant }: LoadCaller, requestId: string): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    'x-tenant': tenant,
    'x-request-id': requestId,
    'content-type': 'application/json',
  };
}
