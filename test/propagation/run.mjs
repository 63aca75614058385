// Runs the probes of what keeps the context and what does not, on the built package, for docs/propagation.md:
//   node test/propagation/run.mjs           on all supported Nodes (they come from npm), and writes the table into the page
//   node test/propagation/run.mjs --check   on this Node: the page has to say what was seen
//   node test/propagation/run.mjs --check --record    keeps how many were
//   node test/propagation/run.mjs --json    on this Node: prints what was seen
// What needs a server that is not there is left out with a line that says so; with REQUIRE_SERVERS=1 that is a failure.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { record } from '../support/record.mjs';
import { engines, thisEngine } from './engines.mjs';
import { observe, probes } from './observe.mjs';
import { differences, readTable, writeTable } from './table.mjs';

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

if (values.json) {
  console.log(JSON.stringify(await observe()));
} else if (values.check) {
  await check();
} else {
  write();
}
process.exit();

async function check() {
  const engine = thisEngine();
  if (engine === undefined)
    return console.log(`propagation: the page has no column for Node ${process.version}`);
  const { seen, left } = await observe();
  report(left);
  const wrong = [...failures(seen), ...differences(readTable(), engine, seen, probes)];
  for (const line of wrong) console.log(`FAIL ${line}`);
  console.log(`propagation: ${seen.length} probes on ${engine}, ${wrong.length} not as the page says`);
  if (wrong.length > 0 || (left.length > 0 && process.env.REQUIRE_SERVERS === '1')) process.exitCode = 1;
  if (values.record) {
    const figures = { probes: seen.length, 'left out': left.length, 'not as the page says': wrong.length };
    record('propagation', { passed: process.exitCode !== 1, figures });
  }
}

function write() {
  const observed = new Map();
  for (const { name, version, flags } of engines) {
    const script = fileURLToPath(new URL('../../scripts/with-node.mjs', import.meta.url));
    const args = [script, version, ...flags, fileURLToPath(import.meta.url), '--json'];
    const { stdout, status } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 300_000,
    });
    if (status !== 0) throw new Error(`the probes did not run on ${name}: ${stdout}`);
    const { seen, left } = JSON.parse(stdout.trim().split('\n').at(-1));
    if (left.length > 0) {
      report(left);
      throw new Error('the table needs all of them');
    }
    console.log(`--   ${seen.length} probes on ${name}`);
    observed.set(name, seen);
  }
  const wrong = [...observed].flatMap(([name, seen]) => failures(seen).map((line) => `${name}: ${line}`));
  for (const line of wrong) console.log(`FAIL ${line}`);
  if (wrong.length > 0) process.exitCode = 1;
  else {
    writeTable(observed);
    console.log('propagation: written into docs/propagation.md');
  }
}

function report(left) {
  for (const line of left) console.log(`left out: ${line}`);
}

/** A remedy has to help everywhere, and what has none must be right by itself. */
function failures(seen) {
  return seen.flatMap(({ what, right, plain, remedy, remedied }) => {
    const read = remedy === undefined ? plain : remedied;
    return read === right
      ? []
      : [`${what}: ${read}, and ${right} is right${remedy ? `, with ${remedy}` : ''}`];
  });
}
