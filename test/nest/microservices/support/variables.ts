import { ContextVar, codecs } from 'nestjs-contextvars';

/** What the first stage of a message sets, and all others see. */
export const seen = new ContextVar<string>('seen');

export const tenant = new ContextVar<string>('test.tenant', { codec: codecs.string });

export const plan = new ContextVar<string>('test.plan', { codec: codecs.string });
