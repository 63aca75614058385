// One variant in a process of its own, which measureMemory starts. Prints the bytes that each of what it makes holds.

import { heapUsed } from './heap-used.mjs';

const COUNT = 20_000;

const [file, operation, subject] = process.argv.slice(2);
const { operations } = await import(file);
const make = await operations[operation][subject]();
// Once before, so that what the compiler keeps is there.
const kept = Array.from({ length: COUNT }, make);
kept.fill(undefined);
const before = await heapUsed();
for (let i = 0; i < COUNT; i++) kept[i] = make();
const after = await heapUsed();
// Used to the end, or the collector takes them before they are counted.
console.log(kept.includes(undefined) ? Number.NaN : (after - before) / COUNT);
process.exit();
