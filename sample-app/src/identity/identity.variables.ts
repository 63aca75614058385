import { ContextVar, codecs, ScopedValue } from 'nestjs-contextvars';

export type Role = 'clerk' | 'ledger-writer';

/** The tenant that the caller works for. Has a codec, so that jobs are told. */
export const tenant = new ContextVar<string>('tenant', { codec: codecs.string });

/** The name of the caller. Has a codec too. */
export const user = new ContextVar<string>('user', { codec: codecs.string });

/** What the caller may do. A privilege, therefore a ScopedValue: a temporary one never outlives its call. */
export const role = new ScopedValue<Role>('role');
