// What the proof scripts have recorded (test/support/record.mjs).

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { proofs } from './proofs.mjs';

/** By the name of the proof: its results, the oldest Node first. */
export function readResults(directory) {
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.json')) : [];
  const all = names.map((file) => ({ file, ...JSON.parse(readFileSync(new URL(file, directory), 'utf8')) }));
  for (const { file, name } of all)
    if (!(name in proofs)) throw new Error(`test/results/${file} is of no proof that is known: ${name}`);
  const major = ({ node }) => Number.parseInt(node.slice(1), 10);
  return new Map(
    Object.keys(proofs).map((name) => [
      name,
      all.filter((one) => one.name === name).sort((a, b) => major(a) - major(b)),
    ]),
  );
}
