// One variant in a process of its own, which measureCalls starts: warms up, prints a line, waits for one, and measures.
// Prints the time of one call in ns.

import { callTime } from './call-time.mjs';
import { waitForTurn } from './turns.child.mjs';

const [file, operation, subject] = process.argv.slice(2);
const { operations } = await import(file);
await operations[operation][subject](async (fn) => {
  const time = await callTime(fn, { ready: waitForTurn });
  console.log(time);
});
process.exit();
