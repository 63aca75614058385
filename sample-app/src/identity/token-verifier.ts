import { type CryptoKey, decodeJwt, errors, importSPKI, jwtVerify } from 'jose';
import type { IdentitySettings } from '../settings/identity.settings.js';
import { demoIssuer } from './demo-tokens.js';
import type { Identity } from './identity.js';
import { type CallerRole, callerRoles } from './identity.variables.js';

const ALGORITHM = 'ES256';

/** Why a token is not believed; in words that help its bearer, and nobody else. */
export class RefusedToken extends Error {}

/** Believes tokens that an issuer it knows has signed, for this application, and that have not expired. */
export class TokenVerifier {
  private constructor(
    private readonly keys: ReadonlyMap<string, CryptoKey>,
    private readonly audience: string,
  ) {}

  /** @throws where the public key is none. */
  static async of({ demo, publicKey, issuer, audience }: IdentitySettings): Promise<TokenVerifier> {
    const keys = new Map<string, CryptoKey>();
    if (demo) keys.set(demoIssuer.name, (await demoIssuer.key()) as CryptoKey);
    if (publicKey !== undefined) keys.set(issuer, await importSPKI(publicKey, ALGORITHM));
    return new TokenVerifier(keys, audience);
  }

  /** @throws RefusedToken */
  async identityOf(token: string): Promise<Identity> {
    try {
      // Says only which key to try: nothing of it is believed before the signature is.
      const { iss: issuer = '' } = decodeJwt(token);
      const key = this.keys.get(issuer);
      if (key === undefined) throw new RefusedToken('The token is from nobody who is known here');
      const { payload } = await jwtVerify(token, key, {
        algorithms: [ALGORITHM],
        issuer,
        audience: this.audience,
        requiredClaims: ['exp', 'sub'],
      });
      return identityIn(payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new RefusedToken('The token has expired');
      if (error instanceof errors.JOSEError) throw new RefusedToken('The token is not valid');
      throw error;
    }
  }
}

function identityIn({ sub: name, tenant, role }: Record<string, unknown>): Identity {
  if (!isText(name) || !isText(tenant) || !isCallerRole(role)) {
    throw new RefusedToken('The token does not say who, for which tenant, in which role');
  }
  return { name, tenant, role };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCallerRole(value: unknown): value is CallerRole {
  return callerRoles.some((known) => known === value);
}
