// What the server notes, by the number of a request. All of it is allocated before the first one, so that what grows is
// not the measuring.

import { stage } from './stages.mjs';

export class Ledger {
  /** Which stages each has passed with its own identity. */
  stages;
  /** How often the unit of each has been begun and ended, as the diagnostics channels say, and `onEnd` been called. */
  begun;
  ended;
  onEnds;
  /** Scoped instances of each, its tasks' too. */
  made;
  disposed;
  checks = 0;
  crossed = 0;
  unhandled = 0;
  /** What the module or Nest had to log although nothing was to go wrong. */
  logged = 0;
  /** Units of work that are open. */
  open = 0;
  /** What went wrong first. */
  examples = [];

  constructor(requests) {
    this.stages = new Uint32Array(requests);
    for (const name of ['begun', 'ended', 'onEnds', 'made', 'disposed'])
      this[name] = new Uint8Array(requests);
  }

  /** `n` is what the code was told; the rest is what it finds in its context. */
  pass(bit, n, who, actor, id) {
    this.checks += 1;
    if (who !== n || actor !== n || id !== `r${n}`)
      this.cross(bit, n, `who ${who}, actor ${actor}, id ${id}`);
    this.stages[n] |= bit;
  }

  cross(bit, n, seen) {
    const where = Object.keys(stage).find((name) => stage[name] === bit);
    this.fault('crossed', `crossed: request ${n} at '${where}' sees ${seen}`);
  }

  /** `count` names the counter. */
  fault(count, text) {
    this[count] += 1;
    if (this.examples.length < 10) this.examples.push(text);
  }

  result() {
    const { stages, begun, ended, onEnds, made, disposed, ...counts } = this;
    return { stages, begun, ended, onEnds, made, disposed, counts };
  }
}
