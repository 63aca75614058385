// What the callers of jobs.mjs put into their contexts, and what its workers look for.
import { ContextVar, codecs, ScopedValue } from 'nestjs-contextvars/core';

/** Accepts what looks like a caller: codecs.json takes any validator of the Standard Schema. */
const callerSchema = {
  '~standard': {
    version: 1,
    vendor: 'soak',
    validate: (value) =>
      typeof value?.id === 'number' && typeof value.name === 'string'
        ? { value }
        : { issues: [{ message: 'no caller' }] },
  },
};

export const caller = new ContextVar('caller', { codec: codecs.json(callerSchema) });
export const number = new ContextVar('number', { codec: codecs.number });
/** Only some jobs carry it, so that a value of another job would show. */
export const locale = new ContextVar('locale', { codec: codecs.string });
/** Without a codec. */
export const local = new ContextVar('local');
export const role = new ScopedValue('role');

const keys = { soak: 'a key of the soak test, of 32 bytes or more' };
export const signing = {
  sign: { keyId: 'soak', key: keys.soak, ttlMs: 3_600_000 },
  verify: { keys },
};
