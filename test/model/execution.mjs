// One run of one program, on the library and on the model at once. The model's place goes from function to function as an
// argument; the library has to find its own way.

import * as model from './model.mjs';
import { VARIABLES } from './model.mjs';
import { pause } from './pauses.mjs';
import { FALLBACK, NAMES, pick, read } from './variables.mjs';

/** What programs throw. */
export class Thrown extends Error {}

export class Execution {
  /** How many statements there were. */
  steps = 0;
  /** The first difference. */
  failure = undefined;
  depth = 0;
  /** What the statement that has just run wants to be joined later. */
  kept = undefined;
  // What the program has made; of each the library's and the model's.
  tokens = [];
  contexts = [];
  functions = [];
  generators = [];
  echoes = [];
  #running = 0;
  #idle = undefined;

  /**
   * `statements` has a function for each kind. `base` is added to all values, so that those of another run are told apart;
   * `budget` bounds the statements; `thorough` reads everything where else one variable is read.
   */
  constructor(statements, environment, options = {}) {
    this.statements = statements;
    this.core = environment.core;
    this.variables = environment.variables;
    this.scoped = environment.scoped;
    this.base = options.base ?? 0;
    this.budget = options.budget ?? 500;
    this.thorough = options.thorough ?? false;
    this.pause = options.pause ?? pause;
  }

  /** Runs the program, outside any context, until it and all that it has left running is over. */
  async main(program) {
    const whole = this.runAsync(program, undefined);
    this.leave(whole.catch((error) => this.expectThrown(program[0], error)));
    await new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /** A promise that nobody in the program waits for. */
  leave(promise) {
    this.#running += 1;
    const over = () => {
      this.#running -= 1;
      if (this.#running === 0) this.#idle();
    };
    promise.then(over, over);
  }

  /** The same, unless the program waits for it: gives it then. */
  joined(join, promise) {
    if (join === 'await') return promise;
    if (join === 'keep') this.kept = promise;
    this.leave(promise);
    return undefined;
  }

  // --- blocks

  /** Gives a promise where the statement has to be waited for. */
  step(s, place) {
    if (this.budget <= 0) return undefined;
    this.budget -= 1;
    this.steps += 1;
    return this.statements[s.do](this, s, place);
  }

  /** Where nothing can be waited for. */
  stepSync(s, place) {
    const waits = this.step(s, place);
    if (waits !== undefined) this.leave(Promise.resolve(waits));
    for (let n = s.times; n > 0; n--) this.runSync(s.block, place);
  }

  runSync(block, place) {
    for (let i = 0; i < block.length; i++) this.stepSync(block[i], place);
    return block.length;
  }

  async runAsync(block, place) {
    // Promises are joined by the block that keeps them: two that join each other would wait for ever.
    let kept;
    for (let i = 0; i < block.length; i++) {
      const s = block[i];
      this.kept = undefined;
      let waits = this.step(s, place);
      if (this.kept !== undefined) {
        kept ??= [];
        kept.push(this.kept);
      }
      if (s.do === 'join' && kept !== undefined) waits = pick(kept, s.j);
      if (waits !== undefined) {
        await waits;
        this.glance(s, place);
      }
      for (let n = s.times; n > 0; n--) await this.runAsync(s.block, place);
    }
    return block.length;
  }

  // --- comparing

  differ(s, what, got, expected) {
    if (this.failure !== undefined) return;
    this.failure = { statement: s, what, got, expected };
    this.budget = 0;
  }

  same(s, what, got, expected) {
    if (!Object.is(got, expected)) this.differ(s, what, got, expected);
  }

  /** Errors of the library or of the interpreter must not pass for those of programs. */
  expectThrown(s, error) {
    if (!(error instanceof Thrown)) this.differ(s, 'the error', error, 'one that was thrown');
  }

  /** Reads everything that can be read. */
  look(s, place) {
    for (let v = 0; v < VARIABLES; v++) this.#lookAt(s, place, v);
    this.lookAtUnit(s, place);
  }

  /** Reads one variable, another one each time, or, in a thorough run, everything. */
  glance(s, place) {
    if (this.thorough) this.look(s, place);
    else this.#lookAt(s, place, this.steps % VARIABLES);
  }

  #lookAt(s, place, v) {
    this.same(s, NAMES[v], read(this.variables[v]), model.get(place, v, FALLBACK));
  }

  lookAtUnit(s, place) {
    const unit = this.core.currentUnit();
    this.same(s, 'currentUnit()', unit, place?.unit.seen);
    this.same(s, 'currentUnit().ended', unit?.ended, place?.unit.ended);
  }
}
