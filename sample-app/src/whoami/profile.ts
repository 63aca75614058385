import type { Caller } from '../identity/caller.js';
import type { Role } from '../identity/identity.variables.js';

export interface Profile extends Caller {
  /** As seen from where it was read. */
  readonly role: Role;
}
