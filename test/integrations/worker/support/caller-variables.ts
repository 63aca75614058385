import { ContextVar, codecs, ScopedValue } from '../../../../src/core/index.js';

/** The variables of the caller's side. In an application both sides import the same file. */
export const tenant = new ContextVar<string>('tenant', { codec: codecs.string });
export const limit = new ContextVar<number>('limit', { codec: codecs.number });
/** What it writes the thread does not read. */
export const picky = new ContextVar<string>('picky', { codec: codecs.string });
export const plain = new ContextVar<string>('plain');
export const role = new ScopedValue<string>('role');
