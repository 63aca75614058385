// Mutation testing of core: `npm run test:mutation`. Ends with exit code 1 where less than 90 % of the mutants are killed. The
// figures of a run of all of core go to test/results. With arguments, which are Stryker's, it looks at a part:
//
//   npm run test:mutation -- --mutate src/core/token.ts,src/core/cell.ts --force

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { record } from '../support/record.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const REPORT = `${root}/reports/mutation/mutation.json`;

function figuresOf(mutants) {
  const count = (status) => mutants.filter((mutant) => mutant.status === status).length;
  const killed = count('Killed');
  const timeout = count('Timeout');
  const survived = count('Survived');
  const noCoverage = count('NoCoverage');
  const detected = killed + timeout;
  const score = Math.round((detected / (detected + survived + noCoverage)) * 10_000) / 100;
  return {
    'score in %': score,
    killed,
    survived,
    'ended by the time limit': timeout,
    'reached by no test': noCoverage,
    ignored: count('Ignored'),
  };
}

/** The score of each file that has any. */
function scoresOf(files) {
  const scores = Object.entries(files).map(([file, { mutants }]) => [file, figuresOf(mutants)['score in %']]);
  return Object.fromEntries(scores.filter(([, score]) => !Number.isNaN(score)));
}

const args = process.argv.slice(2);
const { status } = spawnSync('npx', ['stryker', 'run', ...args], { cwd: root, stdio: 'inherit' });
if (args.length === 0 && status !== null) {
  const { files } = JSON.parse(readFileSync(REPORT, 'utf8'));
  const figures = figuresOf(Object.values(files).flatMap(({ mutants }) => mutants));
  record('mutation', { passed: status === 0, figures, details: { 'score by file': scoresOf(files) } });
}
process.exit(status ?? 1);
