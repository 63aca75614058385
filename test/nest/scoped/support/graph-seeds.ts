import { seededRandom } from '../../http/support/seeded-random.js';

export const GRAPHS = 15;
/** GRAPH_SEED begins with another one. */
export const FIRST_SEED = Number(process.env.GRAPH_SEED ?? 1);

/** Calls `check` with one seed after the other, and names the one that it fails with. */
export async function forSeeds(check: (random: () => number) => void | Promise<void>): Promise<void> {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + GRAPHS; seed++) {
    try {
      await check(seededRandom(seed));
    } catch (error) {
      throw new Error(`with GRAPH_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
}
