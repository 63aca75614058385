import type { CallerRole } from './identity.variables.js';

/** Who somebody has shown to be. */
export interface Identity {
  readonly name: string;
  readonly tenant: string;
  readonly role: CallerRole;
}
