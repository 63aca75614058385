import { importJWK, type JWTPayload, SignJWT } from 'jose';
import type { Identity } from './identity.js';

/** A key that everybody can read here, its private part too: for the demo, and believed in the demo alone. */
const demoKey = {
  kty: 'EC',
  crv: 'P-256',
  x: 'OI6sW_wsy70crGkctPDml56lMfMikoKtC44nCacQzIo',
  y: 'ZGHaNFKDXnxvvdt7vPptcTHL1AsTzgeTlXBDlrkh6Gg',
};
const privatePart = 'kzSIbQ1cik_DSR5uMvUpuq1iK-m7q2_tC5TLXrjtvdQ';

export const demoIssuer = {
  name: 'https://demo.order-desk.example',
  key: () => importJWK(demoKey, 'ES256'),
};

/** A token as a login service would give one out. `claims` replace those that it has by itself. */
export async function demoToken(
  { name, tenant, role }: Identity,
  audience = 'order-desk',
  claims: JWTPayload = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: demoIssuer.name, aud: audience, sub: name, iat: now, exp: now + 3600, tenant, role };
  return new SignJWT({ ...payload, ...claims })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(await importJWK({ ...demoKey, d: privatePart }, 'ES256'));
}
