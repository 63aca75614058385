import { inFreshProcess, inRounds } from './rounds.mjs';

const child = `${import.meta.dirname}/memory.child.mjs`;

/**
 * Measures the bytes that are held for each of what the functions in `operations` make, by operation and subject, each in a process of
 * its own. Two at once: time does not count. `file` exports them as `operations` too.
 */
export async function measureMemory({ file, operations, rounds }) {
  const variants = Object.entries(operations).flatMap(([operation, subjects]) =>
    Object.keys(subjects).map((subject) => ({ operation, subject })),
  );
  const measure = ({ operation, subject }) =>
    inFreshProcess(child, [file, operation, subject], ['--expose-gc']);
  const samples = await inRounds(variants, rounds, measure, 2);
  return variants.map((variant, i) => ({ ...variant, unit: 'bytes', samples: samples[i] }));
}
