// One thread of run.mjs: its share of the programs, with a copy of the library of its own.

import { parentPort, workerData } from 'node:worker_threads';
import { runMany } from './bulk.mjs';
import { importCore, loadCore } from './compiled-core.mjs';
import { textOf } from './print.mjs';

// Errors are a part of the programs; nobody reads their stacks.
Error.stackTraceLimit = 0;

const { directory, ...options } = workerData;
const core = await (directory === undefined ? loadCore({ built: true }) : importCore(directory));
const { failure, ...result } = await runMany(core, {
  ...options,
  progress: (now) => parentPort.postMessage({ now }),
});
const what = failure && textOf(failure);
parentPort.postMessage({ ...result, what });
