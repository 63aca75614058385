// All combinations of route, ending and kind, many at a time, and what is wrong with them.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { randomFrom, seedOf } from '../model/random.mjs';
import { attempt, momentsOf } from './attempt.mjs';
import { endings } from './endings.mjs';
import { expectedOf } from './expected.mjs';
import { kindsOf, variablesOf } from './kinds.mjs';
import { routes as allRoutes } from './routes/index.mjs';

/** So many combinations are interleaved. */
const AT_ONCE = 100;

/** Gives one result for each combination: `{ route, ending, kind, reads, leaks, wrong }`. */
export async function runMatrix(core, { directory, rounds, seed, only = /./ }) {
  const routes = allRoutes.filter(
    (route) => only.test(route.name) && (!route.needsScoped || core.Scoped !== undefined),
  );
  if (routes.length === 0) throw new Error(`no route is called like ${only}`);
  const kinds = kindsOf(core, variablesOf(core));
  const results = routes.flatMap((route) =>
    endings.flatMap((ending) =>
      kinds.map((kind) => ({ route, ending, kind, reads: 0, leaks: 0, wrong: [] })),
    ),
  );
  setFlagsFromString('--expose-gc');
  const collecting = setInterval(runInNewContext('gc'), 30);
  const tools = { thread: new Thread(directory) };
  for (let round = 0; round < rounds; round++) {
    const { below } = randomFrom(seedOf(seed, round));
    const waiting = shuffled(results, below);
    const work = async () => {
      for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
        const { route, ending, kind } = one;
        judge(one, await attempt({ core, route, ending, kind, delay: below(6), tools }));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
  clearInterval(collecting);
  await tools.thread.stop();
  return { routes, endings, kinds, results };
}

/** Compares with what is allowed; a privilege where there must be none is a leak, everything else that differs wrong. */
function judge(result, reads) {
  const { route, ending, kind } = result;
  for (const [moment, words] of Object.entries(reads)) {
    const right = expectedOf(route, ending, kind.family, moment);
    // Between the end and the moment when the caller can know of it, either is right.
    const also =
      ending.isBlurred && moment === 'during' ? expectedOf(route, ending, kind.family, 'at') : right;
    for (const [word, count] of words) {
      result.reads += count;
      if (word === right || word === also) continue;
      if (word.includes('admin')) result.leaks += count;
      result.wrong.push(`${moment}: ${word} (${count} times), and ${right ?? 'nothing'} is right`);
    }
  }
  for (const moment of momentsOf(route, ending))
    if (reads[moment].size === 0) result.wrong.push(`${moment}: nothing was read`);
}

function shuffled(list, below) {
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

class Thread {
  #worker;
  #asked = new Map();
  #next = 0;

  constructor(directory) {
    this.#worker = new Worker(new URL('./thread.mjs', import.meta.url), { workerData: { directory } });
    this.#worker.on('message', ({ id, word }) => {
      this.#asked.get(id)(word);
      this.#asked.delete(id);
    });
  }

  ask(name, carrier) {
    const id = this.#next++;
    this.#worker.postMessage({ id, name, carrier });
    return new Promise((resolve) => this.#asked.set(id, resolve));
  }

  stop() {
    return this.#worker.terminate();
  }
}
