import type { Role } from '../identity/identity.variables.js';

export interface LedgerEntry {
  readonly orderId: string;
  readonly quantity: number;
  /** Under which role it was written. */
  readonly role: Role;
}
