import { exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { Bearers } from '../../sample-app/src/identity/bearers.js';
import { demoToken } from '../../sample-app/src/identity/demo-tokens.js';
import { RefusedToken, TokenVerifier } from '../../sample-app/src/identity/token-verifier.js';
import { readIdentitySettings } from '../../sample-app/src/settings/identity.settings.js';

const ada = { name: 'ada', tenant: 'acme', role: 'clerk' } as const;
const now = Math.floor(Date.now() / 1000);

async function verifier(env: Record<string, string> = {}): Promise<TokenVerifier> {
  return TokenVerifier.of(readIdentitySettings(env));
}

describe('a token', () => {
  it('says who its bearer is, for which tenant, in which role', async () => {
    expect(await (await verifier()).identityOf(await demoToken(ada))).toEqual(ada);
  });

  it.each([
    ['has expired', { exp: now - 1 }, 'The token has expired'],
    ['never expires', { exp: undefined }, 'The token is not valid'],
    ['is not valid yet', { nbf: now + 60 }, 'The token is not valid'],
    ['is for another application', { aud: 'other-desk' }, 'The token is not valid'],
    ['is for nobody', { sub: undefined }, 'The token is not valid'],
    ['is from another issuer', { iss: 'https://evil.example' }, 'The token is from nobody who is known here'],
    ['has no issuer', { iss: undefined }, 'The token is from nobody who is known here'],
    ['names no tenant', { tenant: undefined }, 'The token does not say who'],
    ['names no role', { role: undefined }, 'The token does not say who'],
    ['names a role that nobody has', { role: 'ledger-writer' }, 'The token does not say who'],
  ])('that %s is refused', async (_what, claims, message) => {
    const token = await demoToken(ada, 'order-desk', claims);
    const attempt = (await verifier()).identityOf(token);
    await expect(attempt).rejects.toBeInstanceOf(RefusedToken);
    await expect(attempt).rejects.toThrow(message);
  });

  it('that somebody has changed is refused', async () => {
    const [header, payload, signature] = (await demoToken(ada)).split('.');
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString());
    const forged = Buffer.from(JSON.stringify({ ...claims, tenant: 'globex' })).toString('base64url');
    const attempt = (await verifier()).identityOf([header, forged, signature].join('.'));
    await expect(attempt).rejects.toThrow('The token is not valid');
  });

  it.each(['none', 'HS256'])('of algorithm %s is refused, whatever it says', async (alg) => {
    const [, payload] = (await demoToken(ada)).split('.');
    const header = Buffer.from(JSON.stringify({ alg })).toString('base64url');
    const secret = new TextEncoder().encode('a secret of thirty-two bytes, or more');
    const token =
      alg === 'none'
        ? `${header}.${payload}.`
        : await new SignJWT(JSON.parse(Buffer.from(payload!, 'base64url').toString()))
            .setProtectedHeader({ alg })
            .sign(secret);
    await expect((await verifier()).identityOf(token)).rejects.toThrow('The token is not valid');
  });

  it.each(['', 'eve', 'a.b.c', '..', '{}'])('that is none is refused: %j', async (text) => {
    await expect((await verifier()).identityOf(text)).rejects.toBeInstanceOf(RefusedToken);
  });
});

describe('the key of the login service', () => {
  it('is believed beside that of the demo, each for its own issuer', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const tokens = await verifier({ TOKEN_PUBLIC_KEY: await exportSPKI(publicKey) });
    const signed = (iss: string) =>
      new SignJWT({ tenant: 'acme', role: 'clerk' })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(iss)
        .setAudience('order-desk')
        .setSubject('ada')
        .setExpirationTime('1 minute')
        .sign(privateKey);
    expect(await tokens.identityOf(await signed('https://login.order-desk.example'))).toEqual(ada);
    expect(await tokens.identityOf(await demoToken(ada))).toEqual(ada);
    const crossed = tokens.identityOf(await signed('https://demo.order-desk.example'));
    await expect(crossed).rejects.toThrow('The token is not valid');
  });

  it('is the only one in production: neither the key of the demo nor its users are believed', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    const env = { NODE_ENV: 'production', TOKEN_PUBLIC_KEY: await exportSPKI(publicKey) };
    const bearers = new Bearers(await verifier(env), readIdentitySettings(env).demo);
    await expect(bearers.identityOf(await demoToken(ada))).rejects.toBeInstanceOf(RefusedToken);
    await expect(bearers.identityOf('ada')).rejects.toBeInstanceOf(RefusedToken);
    expect(await new Bearers(await verifier(), true).identityOf('ada')).toEqual(ada);
  });

  it('has to be there in production', () => {
    expect(() => readIdentitySettings({ NODE_ENV: 'production' })).toThrow('TOKEN_PUBLIC_KEY is not set');
    expect(readIdentitySettings({ NODE_ENV: 'production', DEMO: 'on' }).demo).toBe(true);
  });
});
