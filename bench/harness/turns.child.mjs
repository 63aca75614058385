import { readSync } from 'node:fs';

/** For a process that takes turns: says that it is ready to measure, and waits until it is told to. */
export function waitForTurn() {
  console.log('ready');
  // Nothing else is to be done meanwhile.
  readSync(0, Buffer.alloc(1));
}
