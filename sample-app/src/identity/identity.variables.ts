import { ContextVar, ScopedValue } from 'nestjs-contextvars';

export type Role = 'clerk' | 'ledger-writer';

/** The tenant that the caller works for. */
export const tenant = new ContextVar<string>('tenant');

/** The name of the caller. */
export const user = new ContextVar<string>('user');

/** What the caller may do. A privilege, therefore a ScopedValue: a temporary one never outlives its call. */
export const role = new ScopedValue<Role>('role');
