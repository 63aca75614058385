// The worker file of worker-call.mjs: the same function plain and wrapped.

import { ContextVar, codecs } from 'nestjs-contextvars/core';
import { withWorkerContext } from 'nestjs-contextvars/worker';

export const variables = ['tenant', 'user', 'locale'].map(
  (name) => new ContextVar(name, { codec: codecs.string }),
);

export const plain = (payload) => payload.n;
export const wrapped = withWorkerContext(plain);
