// What a proof script found, kept for docs/guarantees.md (scripts/guarantees.mjs): one file for each script and Node.

import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Writes test/results/NAME.nodeMAJOR.json. `figures` is what was counted, by what it is called; `seed` is left out where
 * nothing is random, `details` are tables of a page.
 */
export function record(name, { passed, seed, figures, details }) {
  const [script, ...args] = process.argv.slice(1);
  const flags = process.execArgv;
  const given = args.filter((arg) => arg !== '--record');
  const result = {
    name,
    command: ['node', ...flags, relative(root, script), ...given].join(' '),
    date: new Date().toISOString().slice(0, 10),
    node: [process.version, ...flags.filter((flag) => flag !== '--expose-gc')].join(' '),
    seed,
    passed,
    figures,
    details,
  };
  const directory = `${root}test/results`;
  mkdirSync(directory, { recursive: true });
  const [major] = process.versions.node.split('.');
  const file = `${directory}/${name}.node${major}.json`;
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(`recorded in test/results/${basename(file)}`);
}
