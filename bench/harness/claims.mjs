import { difference, median, ratio } from './statistics.mjs';

/** The claims of `benchmark`, with what was measured of them. */
export function claimsOf({ claims = () => [] }, rows) {
  return claims(new Measured(rows)).map((claim) => ({ ...claim, holds: claim.value <= claim.limit }));
}

/** What claims are made of: each gives what was measured beside its limit. */
class Measured {
  #rows;

  constructor(rows) {
    this.#rows = rows;
  }

  /** `subject` takes at most `limit` times what `reference` does. */
  times(operation, subject, reference, limit, x) {
    const value = ratio(this.#row(operation, subject, x).samples, this.#row(operation, reference, x).samples);
    return { what: `${operation}${at(x)}: ${subject} / ${reference}`, value, limit, unit: 'times' };
  }

  /** `subject` takes at most `limit` more than `reference`, in the unit of the rows. */
  more(operation, subject, reference, limit, x) {
    const own = this.#row(operation, subject, x);
    const value = difference(own.samples, this.#row(operation, reference, x).samples);
    return { what: `${operation}${at(x)}: ${subject} - ${reference}`, value, limit, unit: own.unit };
  }

  /**
   * At the size `to`, `subject` takes at most `limit` times what it does at `from`. The least of the rounds: what the
   * compiler has made of the same code differs from process to process, by more than that.
   */
  growth(operation, subject, from, to, limit) {
    const value =
      Math.min(...this.#row(operation, subject, to).samples) /
      Math.min(...this.#row(operation, subject, from).samples);
    return { what: `${operation}: ${subject}, at ${to} / at ${from}`, value, limit, unit: 'times' };
  }

  /** What `subject` adds to the application alone is at most `limit` times what `reference` adds. */
  timesAdded(operation, subject, reference, limit) {
    const [own, other] = [this.#row(operation, subject), this.#row(operation, reference)];
    return {
      what: `${operation}, added: ${subject} / ${reference}`,
      value: ratio(own.added, other.added),
      limit,
      unit: 'times',
    };
  }

  /** At the size `to`, `subject` adds at most `limit` times what it adds at `from`. */
  growthOfAdded(operation, subject, from, to, limit) {
    const [small, large] = [this.#row(operation, subject, from), this.#row(operation, subject, to)];
    return {
      what: `${operation}, added: ${subject}, at ${to} / at ${from}`,
      value: ratio(large.added, small.added),
      limit,
      unit: 'times',
    };
  }

  /** `subject` takes at most `limit`, in the unit of the rows. */
  atMost(operation, subject, limit, x) {
    const { samples, unit } = this.#row(operation, subject, x);
    return { what: `${operation}${at(x)}: ${subject}`, value: median(samples), limit, unit };
  }

  #row(operation, subject, x) {
    const found = this.#rows.find(
      (row) => row.operation === operation && row.subject === subject && (x === undefined || row.x === x),
    );
    if (found === undefined) throw new Error(`nothing was measured of ${operation}, ${subject}${at(x)}`);
    return found;
  }
}

const at = (x) => (x === undefined ? '' : ` at ${x}`);
