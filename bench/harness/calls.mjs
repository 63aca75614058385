import { pythonVersion } from './python.mjs';
import { takeTurns } from './turns.mjs';

const child = `${import.meta.dirname}/calls.child.mjs`;
const python = `${import.meta.dirname}/cpython.py`;

/**
 * Measures calls of functions, each in a process of its own: what the compiler learns from one does not help or hurt
 * another. `operations` has an object for each operation, with what is measured by the name of the subject: a function
 * that gets `measure` and calls it where the work shall be measured, or `{ python }` for an operation of cpython.py.
 * `file` exports them as `operations` too, for the child. The processes of an operation take turns while they measure, so
 * that a machine that slows down slows all of them.
 */
export async function measureCalls({ file, operations, rounds, onOneCore }) {
  const hasPython = pythonVersion() !== undefined;
  const rows = [];
  for (const [operation, all] of Object.entries(operations)) {
    const subjects = Object.entries(all).filter(([, how]) => how.python === undefined || hasPython);
    const commands = subjects.map(([subject, how]) =>
      how.python === undefined
        ? [process.execPath, ...process.execArgv, '--expose-gc', child, file, operation, subject]
        : ['python3', python, how.python],
    );
    const samples = commands.map(() => []);
    for (let round = 0; round < rounds; round++) {
      const order = [...commands.keys()];
      if (round % 2 === 1) order.reverse();
      const times = await takeTurns(
        order.map((i) => commands[i]),
        { onOneCore },
      );
      for (const [at, i] of order.entries()) samples[i].push(times[at]);
    }
    rows.push(...subjects.map(([subject], i) => ({ operation, subject, unit: 'ns', samples: samples[i] })));
  }
  return rows;
}
