import { spawnSync } from 'node:child_process';
import { inFreshProcess, inRounds } from './rounds.mjs';

const child = `${import.meta.dirname}/calls.child.mjs`;
const python = `${import.meta.dirname}/cpython.py`;

export const PYTHON = spawnSync('python3', ['-c', 'import platform; print(platform.python_version())'], {
  encoding: 'utf8',
}).stdout?.trim();

/**
 * Measures calls of functions, each in a process of its own: what the compiler learns from one does not help or hurt
 * another. `operations` has an object for each operation, with what is measured by the name of the subject: a function
 * that gets `measure` and calls it where the work shall be measured, or `{ python }` for an operation of cpython.py.
 * `file` exports them as `operations` too, for the child.
 */
export async function measureCalls({ file, operations, rounds }) {
  const variants = Object.entries(operations).flatMap(([operation, subjects]) =>
    Object.entries(subjects)
      .filter(([, how]) => how.python === undefined || PYTHON)
      .map(([subject, how]) => ({ operation, subject, python: how.python })),
  );
  const samples = await inRounds(variants, rounds, ({ operation, subject, python }) =>
    python === undefined ? inFreshProcess(child, [file, operation, subject], ['--expose-gc']) : nsOf(python),
  );
  return variants.map(({ operation, subject }, i) => ({
    operation,
    subject,
    unit: 'ns',
    samples: samples[i],
  }));
}

function nsOf(operation) {
  const { stdout, stderr, status } = spawnSync('python3', [python, operation], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}
