import type { Frame } from './frame.js';
import { type Bound, boundIn, boundUnder, NOTHING_BOUND, slotsAt } from './log-bound.js';
import { type Declared, declaredVariables } from './log-declared.js';
import { toLogKey } from './log-key.js';
import { LogKey } from './log-key-slot.js';
import type { Given } from './log-sources.js';
import { isSmall } from './log-text.js';
import { type LogValue, toLogValue } from './log-value.js';

/** Has nothing under any key: a key of a record finds no setter, and no method. */
function Fields(this: Record<string, LogValue>): void {}
Fields.prototype = Object.create(null);

/**
 * What the last record in a Context was made of, with the fields it got. Looking whether all that is still so takes a
 * fraction of the time it takes to put them together again. All of it is copies that are made for logs: no object of
 * a user is held here.
 */
export class LogSnapshot {
  readonly record: Readonly<Record<string, LogValue>>;
  readonly #filled: Record<string, LogValue> = new (
    Fields as unknown as new () => Record<string, LogValue>
  )();
  readonly #declared: readonly Declared[];
  readonly #values: (LogValue | undefined)[] = [];
  readonly #bound: Bound;
  /** Key and value of each temporary field in force, those that are hidden by others too. */
  readonly #temporary: unknown[] = [];
  /** Undefined where there is an object among it, which may be another one in all but its identity next time, or a long text. */
  readonly #given: Given | undefined;

  constructor(frame: Frame | undefined, given: Given) {
    this.#declared = frame === undefined ? [] : declaredVariables();
    this.#bound = frame === undefined ? NOTHING_BOUND : boundIn(frame.cell);
    if (frame !== undefined) this.#addDeclared(frame);
    this.#given = this.#addGiven(given) ? given : undefined;
    if (frame !== undefined) this.#addBound(frame);
    // Of a prototype of their own, Node.js 24 takes 20 times as long to copy.
    this.record = { ...this.#filled };
  }

  /** Whether a record at `frame`, with what sources give now, would be the same. */
  holds(frame: Frame | undefined, given: Given): boolean {
    if (!this.#hasGiven(given)) return false;
    if (frame === undefined) return true;
    const declared = this.#declared;
    if (declared !== declaredVariables() || this.#bound !== boundIn(frame.cell)) return false;
    for (let i = 0; i < declared.length; i++) {
      if ((declared[i] as Declared).at(frame) !== this.#values[i]) return false;
    }
    return frame.slot === undefined ? this.#temporary.length === 0 : this.#hasTemporary(frame);
  }

  #addDeclared(frame: Frame): void {
    for (const one of this.#declared) {
      const value = one.at(frame);
      this.#values.push(value);
      if (value !== undefined) this.#filled[one.key] = value;
    }
  }

  #addGiven(given: Given): boolean {
    let comparable = true;
    for (let i = 0; i < given.length; i += 2) {
      const value = given[i + 1];
      if (!isSmall(value)) comparable = false;
      if (value !== undefined) this.#filled[toLogKey(given[i] as string)] = toLogValue(value);
    }
    return comparable;
  }

  #addBound(frame: Frame): void {
    for (const slot of slotsAt(frame)) {
      if (slot.variable instanceof LogKey && !slot.lease.ended)
        this.#temporary.push(slot.variable, slot.read());
    }
    const bound = this.#temporary.length === 0 ? this.#bound : boundUnder(frame.cell, slotsAt(frame));
    for (const [key, value] of bound) this.#filled[key] = value;
  }

  #hasGiven(given: Given): boolean {
    const before = this.#given;
    if (before === given) return true;
    if (before?.length !== given.length) return false;
    for (let i = 0; i < given.length; i++) if (before[i] !== given[i]) return false;
    return true;
  }

  #hasTemporary(frame: Frame): boolean {
    const temporary = this.#temporary;
    let found = 0;
    for (let at: Frame | undefined = frame; at?.slot !== undefined; at = at.outer) {
      const { slot } = at;
      if (!(slot.variable instanceof LogKey) || slot.lease.ended) continue;
      if (temporary[found] !== slot.variable || temporary[found + 1] !== slot.read()) return false;
      found += 2;
    }
    return found === temporary.length;
  }
}
