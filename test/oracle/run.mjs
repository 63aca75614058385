// CPython as the oracle: the same random programs on contextvars and asyncio, and on this library. Ends with 1 where what
// they see differs, or where a departure (docs/decisions/departures-from-python.md) is not as it is described.
//
//   node test/oracle/run.mjs [--programs 2000] [--seed N] [--built] [--record]
//   node test/oracle/run.mjs --seed N --program M      one program of that seed
//
// Needs Python 3.11 or later as `python3` (or $PYTHON); without one it says so and ends with 0.

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { loadCore } from '../model/compiled-core.mjs';
import { seedOf } from '../model/random.mjs';
import { record } from '../support/record.mjs';
import { checkDepartures } from './departures.mjs';
import { generate } from './generate.mjs';
import { interpret, variablesOf } from './interpret.mjs';
import { Oracle, pythonVersion } from './python.mjs';
import { smallest } from './shrink.mjs';

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '2000' },
    program: { type: 'string' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    built: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
/** So many are on their way to Python at a time. */
const BATCH = 100;

const version = pythonVersion();
if (version === undefined) {
  console.log('oracle: skipped, there is no Python 3.11 or later here');
  process.exit();
}
console.log(`oracle: seed ${seed}, Node ${process.version}, Python ${version}`);
const core = await loadCore(values);
const variables = variablesOf(core);
const oracle = new Oracle();
const ours = async (program) => JSON.stringify(await interpret(core, variables, program));

if (values.program === undefined) {
  const departures = await checkDepartures(core);
  for (const line of departures.wrong) console.log(`FAIL ${line}`);
  const { different, seen } = await compare(Number(values.programs));
  console.log(
    `oracle: ${values.programs} programs, ${seen} observations: ${different.length} differences; ` +
      `${departures.checked} departures, ${departures.wrong.length} not as described`,
  );
  if (different.length > 0) await report(different[0]);
  if (departures.wrong.length > 0) process.exitCode = 1;
  if (values.record) {
    const figures = {
      programs: Number(values.programs),
      observations: seen,
      differences: different.length,
      departures: departures.checked,
      'departures not as described': departures.wrong.length,
      Python: version,
    };
    record('oracle', { passed: process.exitCode !== 1, seed, figures });
  }
} else await report(Number(values.program));
oracle.close();

async function compare(programs) {
  const different = [];
  let seen = 0;
  for (let first = 0; first < programs; first += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, programs - first) }, (_, i) => first + i);
    const theirs = numbers.map((number) => oracle.trace(generate(seedOf(seed, number))));
    for (const [i, number] of numbers.entries()) {
      const trace = await ours(generate(seedOf(seed, number)));
      seen += JSON.parse(trace).length;
      if (trace !== (await theirs[i])) different.push(number);
    }
  }
  return { different, seen };
}

async function report(number) {
  process.exitCode = 1;
  const differs = async (program) => (await ours(program)) !== (await oracle.trace(program));
  const program = await smallest(generate(seedOf(seed, number)), differs);
  console.log(
    `FAIL program ${number} of seed ${seed}; smaller:\n\n${program.map((s) => JSON.stringify(s)).join('\n')}`,
  );
  console.log(`\nPython: ${await oracle.trace(program)}\nhere:   ${await ours(program)}`);
}
