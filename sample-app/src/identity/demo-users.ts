import type { Role } from './identity.variables.js';

export interface DemoUser {
  readonly name: string;
  readonly tenant: string;
  readonly role: Role;
}

/** Whoever says one of these names is believed: there are no passwords in this application. */
export const demoUsers: readonly DemoUser[] = [
  { name: 'ada', tenant: 'acme', role: 'clerk' },
  { name: 'bob', tenant: 'acme', role: 'clerk' },
  { name: 'cleo', tenant: 'globex', role: 'clerk' },
  { name: 'dan', tenant: 'globex', role: 'clerk' },
];
