import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const folder = new URL('../results/', import.meta.url);

/** Writes what one benchmark measured on this Node.js. */
export function writeResult(result) {
  mkdirSync(folder, { recursive: true });
  const file = new URL(`${result.name.replace('/', '.')}.${environmentOf(result)}.json`, folder);
  writeFileSync(file, JSON.stringify(result, rounded, 2));
  // As the rest of the repository is.
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  execFileSync(process.execPath, [biome, 'format', '--write', file.pathname], { stdio: 'ignore' });
}

function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

/** All that have been written, those of the oldest Node.js first. */
export function readResults() {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
    .sort((a, b) => labelOf(a).localeCompare(labelOf(b), 'en', { numeric: true }));
}

/** 'Node.js 24', with the flags that change how the context is carried. */
export function labelOf({ machine }) {
  const [version, ...flags] = machine.node.split(' ');
  return ['Node.js', version.slice(1).split('.')[0], ...flags].join(' ');
}

function environmentOf(result) {
  return labelOf(result).toLowerCase().replace('node.js ', 'node-').replace(/ --/g, '-');
}
