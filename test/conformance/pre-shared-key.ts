import type { ConnectionOptions, TlsOptions } from 'node:tls';

const psk = Buffer.from('a key that both sides have');
const shared = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

/** TLS without certificates, which would expire. */
export const PRE_SHARED = {
  server: { ...shared, pskCallback: () => psk, pskIdentityHint: 'conformance' } satisfies TlsOptions,
  client: {
    ...shared,
    pskCallback: () => ({ psk, identity: 'client' }),
    checkServerIdentity: () => undefined,
  } satisfies ConnectionOptions,
};
