// The worker thread of the matrix: reads what a carrier brings, with a copy of the library and variables of its own.

import { parentPort, workerData } from 'node:worker_threads';
import { importCore, loadCore } from '../model/compiled-core.mjs';
import { kindsOf, variablesOf } from './kinds.mjs';

const { directory } = workerData;
const core = await (directory === undefined ? loadCore({ built: true }) : importCore(directory));
const kinds = new Map(kindsOf(core, variablesOf(core)).map((kind) => [kind.name, kind]));

parentPort.on('message', ({ id, name, carrier }) => {
  const { see } = kinds.get(name);
  const word = core.runUnitOfWork({ kind: 'thread', context: core.extractContext(carrier) }, () => see());
  parentPort.postMessage({ id, word });
});
