import { ContextVar, codecs, ScopedValue } from 'nestjs-contextvars';

/** What a token can say of its bearer. */
export const callerRoles = ['clerk', 'auditor'] as const;
export type CallerRole = (typeof callerRoles)[number];

/** Nobody is a ledger-writer: a method is, for as long as it runs. */
export type Role = CallerRole | 'ledger-writer';

/** The tenant that the caller works for. Has a codec, so that jobs are told, and stands in every line of the log. */
export const tenant = new ContextVar<string>('tenant', { codec: codecs.string, log: 'tenant' });

/** The name of the caller. Jobs and logs have it too. */
export const user = new ContextVar<string>('user', { codec: codecs.string, log: 'user' });

/** What the caller may do. A privilege, therefore a ScopedValue: a temporary one never outlives its call. */
export const role = new ScopedValue<Role>('role');
