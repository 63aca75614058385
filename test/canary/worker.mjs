import { inspect } from 'node:util';
import { workerData } from 'node:worker_threads';
import { ContextVar, codecs, copyContext } from 'nestjs-contextvars/core';
import { withWorkerContext } from 'nestjs-contextvars/worker';

// As it came: what the other side has encrypted is not decrypted here.
export const apiKey = new ContextVar('apiKey', { codec: codecs.string });

// What has come over.
export default withWorkerContext((asked) =>
  inspect([asked, workerData, [...copyContext().entries()]], { depth: Infinity }),
);
