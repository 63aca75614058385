import { inFreshProcess, inRounds } from './rounds.mjs';

const child = `${import.meta.dirname}/growth.child.mjs`;

/**
 * Measures how the cost of operations grows with a size. `subjects` has a function for each subject that gets a size and
 * `measure(operation, fn)`; a process of its own for each subject and size. `file` exports them as `subjects` too.
 */
export async function measureGrowth({ file, subjects, sizes, rounds }) {
  const variants = Object.keys(subjects).flatMap((subject) => sizes.map((x) => ({ subject, x })));
  const samples = await inRounds(variants, rounds, ({ subject, x }) =>
    inFreshProcess(child, [file, subject, String(x)], ['--expose-gc']),
  );
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
