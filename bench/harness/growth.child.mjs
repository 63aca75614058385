// One subject at one size in a process of its own, which measureGrowth starts. Prints the time of a call of each operation.

import { callTime } from './call-time.mjs';
import { waitForTurn } from './turns.child.mjs';

const BATCHES = 200;

const [file, subject, size] = process.argv.slice(2);
const { subjects } = await import(file);
const times = {};
await subjects[subject](Number(size), async (operation, fn) => {
  times[operation] = await callTime(fn, { batches: BATCHES, ready: waitForTurn });
});
console.log(JSON.stringify(times));
process.exit();
