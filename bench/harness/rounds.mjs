import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The last line of what a new Node.js process prints, as JSON: the measurement that `file` makes of `args`. */
export async function inFreshProcess(file, args, flags = []) {
  const { stdout } = await run(process.execPath, [...process.execArgv, ...flags, file, ...args], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_ENV: 'production' },
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/**
 * Calls `measure` for each of `variants` in each round, in alternating order. `atOnce` for what does not depend on how
 * busy the machine is.
 */
export async function inRounds(variants, rounds, measure, atOnce = 1) {
  const samples = variants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...variants.keys()];
    const left = round % 2 === 0 ? order : order.reverse();
    await inParallel(left, atOnce, async (i) => {
      samples[i][round] = await measure(variants[i]);
    });
  }
  return samples;
}

/** Calls `work` for each of `items`, in their order, of which so many are under way `atOnce`. */
export async function inParallel(items, atOnce, work) {
  const left = [...items.entries()];
  const next = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      try {
        await work(one[1], one[0]);
      } catch (error) {
        // The others begin nothing more.
        left.length = 0;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
}
