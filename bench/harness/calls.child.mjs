// One variant in a process of its own, which measureCalls starts. Prints the median time of one call in ns.

import { callTime } from './call-time.mjs';

const [file, operation, subject] = process.argv.slice(2);
const { operations } = await import(file);
await operations[operation][subject](async (fn) => {
  console.log(await callTime(fn));
});
process.exit();
