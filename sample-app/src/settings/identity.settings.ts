export interface IdentitySettings {
  /** Whether the demo users and the demo key are believed. Everybody knows both. */
  readonly demo: boolean;
  /** PEM (SPKI) of the key that tokens are signed with, ES256. */
  readonly publicKey: string | undefined;
  readonly issuer: string;
  readonly audience: string;
}

/**
 * From `DEMO` (on or off; off where NODE_ENV is production), `TOKEN_PUBLIC_KEY` (none: then there is only the demo),
 * `TOKEN_ISSUER` (https://login.order-desk.example) and `TOKEN_AUDIENCE` (order-desk).
 */
export function readIdentitySettings(env: NodeJS.ProcessEnv): IdentitySettings {
  const demo = env.DEMO || (env.NODE_ENV === 'production' ? 'off' : 'on');
  if (demo !== 'on' && demo !== 'off') throw new Error(`DEMO is '${demo}'; it can be on or off`);
  if (demo === 'off' && !env.TOKEN_PUBLIC_KEY) {
    throw new Error(
      'TOKEN_PUBLIC_KEY is not set; without it and without DEMO=on nobody could say who they are',
    );
  }
  return {
    demo: demo === 'on',
    publicKey: env.TOKEN_PUBLIC_KEY || undefined,
    issuer: env.TOKEN_ISSUER || 'https://login.order-desk.example',
    audience: env.TOKEN_AUDIENCE || 'order-desk',
  };
}
