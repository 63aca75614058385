import { ContextVar } from 'nestjs-contextvars';
// By the other entry, which has to be the same library in the same state.
import { ScopedValue } from 'nestjs-contextvars/core';

export type Role = 'clerk' | 'ledger-writer';

export const tenant = new ContextVar<string>('tenant');
export const user = new ContextVar<string>('user');
export const role = new ScopedValue<Role>('role');
