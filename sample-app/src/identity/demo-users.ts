import type { Identity } from './identity.js';

/** In the demo, whoever says one of these names is believed: there are no passwords. */
export const demoUsers: readonly Identity[] = [
  { name: 'ada', tenant: 'acme', role: 'clerk' },
  { name: 'bob', tenant: 'acme', role: 'clerk' },
  { name: 'cleo', tenant: 'globex', role: 'clerk' },
  { name: 'dan', tenant: 'globex', role: 'clerk' },
  { name: 'flo', tenant: 'acme', role: 'auditor' },
  { name: 'gus', tenant: 'globex', role: 'auditor' },
];
