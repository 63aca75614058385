// Makes the consumers, with npm and tsc as their authors would, and runs them.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clses, common, formats, nests, nodes } from './matrix.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = fileURLToPath(new URL('consumer', import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const RUN_LIMIT_MS = 60_000;
const INSTALL_LIMIT_MS = 300_000;

function npm(args, cwd) {
  const { status, stdout, stderr, error } = spawnSync('npm', args, {
    cwd,
    encoding: 'utf8',
    timeout: INSTALL_LIMIT_MS,
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** Builds and packs the library into `folder`; gives the tarball. */
export function pack(folder) {
  npm(['run', 'build'], root);
  const [{ filename }] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
  );
  return join(folder, filename);
}

/** The binary of a Node.js version: the one at hand, or the npm package "node". */
export function nodeBinary(node) {
  const version = nodes[node];
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath;
  const args = ['exec', '--yes', `--package=node@${version}`, '--', 'node', '-p', 'process.execPath'];
  return npm(['--loglevel=error', ...args], root)
    .trim()
    .split('\n')
    .at(-1);
}

/** Installs one combination of versions in `folder`. Each format and adapter is run from there. */
export function install(folder, nest, cls, tarball) {
  mkdirSync(folder, { recursive: true });
  const dependencies = {
    ...nests[nest].packages,
    ...clses[cls].packages,
    ...common,
    'nestjs-contextvars': `file:${tarball}`,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }, null, 2));
  npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'], folder);

  const require = createRequire(join(folder, 'package.json'));
  for (const [name, version] of Object.entries({ ...nests[nest].packages, ...clses[cls].packages })) {
    const installed = require(join(folder, 'node_modules', name, 'package.json')).version;
    if (installed !== version) throw new Error(`${name} ${version} was asked for, ${installed} is installed`);
  }
}

/** Compiles and type checks the consumer as a package of one format; gives what the compiler complains about. */
export function compile(folder, format) {
  const consumer = join(folder, format);
  cpSync(sources, consumer, { recursive: true });
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type: formats[format].type }));
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', consumer], { encoding: 'utf8' });
  return status === 0 ? undefined : `tsc ended with ${status}:\n${stdout}`;
}

/** Runs one consumer; gives its line of JSON, or `undefined` with its output where it failed. */
export function run(folder, { format, adapter }, binary) {
  const main = join(folder, format, 'dist', `main.${adapter}.js`);
  const { status, signal, stdout, stderr } = spawnSync(binary, [main], {
    cwd: folder,
    encoding: 'utf8',
    timeout: RUN_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const output = `${stdout}${stderr}`;
  if (status !== 0) return { output: `ended with ${signal ?? status}\n${output}` };
  try {
    return { answer: JSON.parse(stdout), output };
  } catch {
    return { output: `did not print one line of JSON\n${output}` };
  }
}

/** What is wrong with the answer of a consumer that says it succeeded. */
export function check({ node, format }, { answer }) {
  if (!answer.node.startsWith(`v${nodes[node]}.`)) return `ran on Node.js ${answer.node}`;
  if (answer.format !== format) return `ran as ${answer.format}`;
  return undefined;
}
