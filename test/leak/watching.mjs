// What a run watches: objects of units of work, of which each must be collected at its time.

import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';

/** Collections in a row. */
const CHANCES = 4;

/**
 * Of a unit: its request, response and scoped instances, which nothing may hold after its end.
 * Of its context: the unit, its values, which whatever holds the context may hold, and nobody else.
 */
export const GROUPS = ['unit', 'context'];

export class Watching {
  #refs = { unit: [], context: [] };

  of(group, what, object) {
    this.#refs[group].push({ what, ref: new WeakRef(object) });
  }

  /** How many were watched. */
  count(group) {
    return this.#refs[group].length;
  }

  /** How many of each kind are there, as `{ response: 3 }`. */
  left(group) {
    const left = {};
    for (const { what, ref } of this.#refs[group]) {
      if (ref.deref() !== undefined) left[what] = (left[what] ?? 0) + 1;
    }
    return left;
  }

  /** Gives what is left of the groups once the collector has had its chances: nothing, or what is kept. */
  async collected(...groups) {
    const left = () => Object.assign({}, ...groups.map((group) => this.left(group)));
    let kept = {};
    // Node has a timer of up to a second for the date in its responses, in the context of whichever request was the first.
    const until = performance.now() + 2_000;
    for (let i = 0; i < CHANCES || performance.now() < until; i++) {
      // A WeakRef keeps its target until the macrotask is over.
      await (i < CHANCES ? macrotask() : wait(200));
      globalThis.gc();
      kept = left();
      if (Object.keys(kept).length === 0) return kept;
    }
    return kept;
  }
}
