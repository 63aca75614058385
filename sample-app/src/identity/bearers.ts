import { demoUsers } from './demo-users.js';
import type { Identity } from './identity.js';
import type { TokenVerifier } from './token-verifier.js';

/** Who the bearer of something is. */
export class Bearers {
  constructor(
    private readonly tokens: TokenVerifier,
    private readonly demo: boolean,
  ) {}

  /** @param bearer a token, or in the demo the name of a user. @throws RefusedToken */
  async identityOf(bearer: string): Promise<Identity> {
    const user = this.demo ? demoUsers.find(({ name }) => name === bearer) : undefined;
    return user ?? this.tokens.identityOf(bearer);
  }
}
