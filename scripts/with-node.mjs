// Runs a script under another Node.js version, which comes from the npm package "node":
//   node scripts/with-node.mjs VERSION [node flags] script [arguments]
// The binary is started directly, because some flags (--expose-gc) are refused in NODE_OPTIONS.
import { execFileSync, spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';

const [version, ...args] = process.argv.slice(2);
if (!version || args.length === 0) {
  console.error('usage: node scripts/with-node.mjs VERSION [node flags] script [arguments]');
  process.exit(2);
}

const node = execFileSync(
  'npm',
  ['exec', '--yes', '--loglevel=error', `--package=node@${version}`, '--', 'node', '-p', 'process.execPath'],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], shell: process.platform === 'win32' },
)
  .trim()
  .split('\n')
  .at(-1);

const flags = args.slice(
  0,
  args.findIndex((arg) => !arg.startsWith('-')),
);
const actual = execFileSync(node, [...flags, '-p', 'process.version'], { encoding: 'utf8' }).trim();
console.log(`with-node: ${actual} ${flags.join(' ')}`);
if (!`${actual}.`.startsWith(`v${version}.`)) {
  console.error(`with-node: asked for ${version}, got ${actual}`);
  process.exit(1);
}

// Scripts that start "node" by name get the same version.
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
const { status, signal, error } = spawnSync(node, args, { stdio: 'inherit', env });
if (error) throw error;
if (signal) console.error(`with-node: ended by ${signal}`);
process.exit(status ?? 1);
