import { controls } from './probes/controls.mjs';
import { events } from './probes/events.mjs';
import { http } from './probes/http.mjs';
import { nest } from './probes/nest.mjs';
import { pools } from './probes/pools.mjs';
import { resources } from './probes/resources.mjs';
import { rxjs } from './probes/rxjs.mjs';
import { scopes } from './probes/scopes.mjs';
import { shared } from './probes/shared.mjs';
import { streams } from './probes/streams.mjs';
import { howToRun, isThere } from './support.mjs';

/**
 * @typedef {object} Probe
 * @property {number} no where it stands in the table
 * @property {string} what a sentence: what is called where
 * @property {string} right whose context it should be
 * @property {() => unknown} plain what is seen without a remedy
 * @property {string} [remedy] what to do, where something has to be done
 * @property {() => unknown} [remedied] what is seen then
 * @property {string} [needs] a server
 */

/** @type {Probe[]} */
export const probes = [
  ...events,
  ...http,
  ...scopes,
  ...streams,
  ...shared,
  ...pools,
  ...rxjs,
  ...nest,
  ...resources,
  ...controls,
].sort((a, b) => a.no - b.no);

const LIMIT_MS = 15_000;

/** Runs all probes, one by one; `left` says what was left out and why. */
export async function observe() {
  const seen = [];
  const left = new Set();
  const there = new Map();
  for (const { plain, remedied, needs, ...probe } of probes) {
    if (needs !== undefined && !there.has(needs)) there.set(needs, await isThere(needs));
    if (needs !== undefined && !there.get(needs)) left.add(howToRun(needs));
    else
      seen.push({
        ...probe,
        plain: await reading(plain, probe.what),
        ...(remedied && { remedied: await reading(remedied, probe.what) }),
      });
  }
  return { seen, left: [...left] };
}

async function reading(probe, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`nothing was called within ${LIMIT_MS} ms: ${what}`)),
      LIMIT_MS,
    );
  });
  try {
    return String(await Promise.race([probe(), late]));
  } finally {
    clearTimeout(timer);
  }
}
