import { takeTurns } from './turns.mjs';

const child = `${import.meta.dirname}/growth.child.mjs`;

/**
 * Measures how the cost of operations grows with a size. `subjects` has a function for each subject that gets a size and
 * `measure(operation, fn)`; a process of its own for each subject and size, which take turns. `file` exports them as
 * `subjects` too. `largest` has the size up to which a subject is measured.
 */
export async function measureGrowth({ file, subjects, sizes, largest = {}, rounds }) {
  const variants = Object.keys(subjects).flatMap((subject) =>
    sizes.filter((x) => x <= (largest[subject] ?? Number.POSITIVE_INFINITY)).map((x) => ({ subject, x })),
  );
  const commands = variants.map(({ subject, x }) => [
    ...[process.execPath, ...process.execArgv, '--expose-gc'],
    ...[child, file, subject, String(x)],
  ]);
  const samples = variants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const times = await takeTurns(commands);
    for (const [i, time] of times.entries()) samples[i].push(time);
  }
  return variants.flatMap(({ subject, x }, i) =>
    Object.keys(samples[i][0]).map((operation) => ({
      operation,
      subject,
      x,
      unit: 'ns',
      samples: samples[i].map((sample) => sample[operation]),
    })),
  );
}
