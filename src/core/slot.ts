/** What has an identity to bind a value to: a ContextVar or a ScopedValue. */
export interface Bindable {
  readonly name: string;
  /** True for a ScopedValue: its ended and captured bindings are never looked through. */
  readonly scoped: boolean;
  readonly secret: boolean;
}

/** Says whether the bindings of one scope are still in force. */
export class Lease {
  ended = false;
  /** Set by the first fork; absent before, as in nearly all leases. */
  declare hasForks?: true;
}

export function endLease(lease: Lease): void {
  lease.ended = true;
  if (lease.hasForks) dropForks(lease);
}

/**
 * The values of slots that forks have under a lease: they go with it, though it does not know the slots. Not on the
 * lease, which `inspect` reaches from what Node hangs on timers.
 */
const forked = new WeakMap<Lease, WeakMap<Slot, unknown>>();

function dropForks(lease: Lease): void {
  forked.delete(lease);
}

/** The lease of what never ends by itself: `ContextVar.run` and captured bindings. */
export const PERMANENT: Lease = Object.freeze(new Lease());

/** The value of a ScopedValue in work that was captured while a temporary binding of it was in force. */
export const CAPTURED: unique symbol = Symbol('captured');

/** The value of a slot whose lease keeps it. */
const IN_LEASE = Symbol('in lease');

/**
 * The place where one binding of a `run`, a temporary scope or a capture keeps its value. Frames that see
 * the same binding share its slot; a fork gets a slot of its own under the same lease. The only binding of a scope may
 * be its own lease, an object less: `ended` and `hasForks` say something only there, so it is `lease` that is asked.
 */
export class Slot implements Lease {
  ended = false;
  declare hasForks?: true;
  readonly variable: Bindable;
  #value: unknown;
  readonly lease: Lease;

  constructor(variable: Bindable, value: unknown, lease?: Lease) {
    this.variable = variable;
    this.#value = value;
    this.lease = lease ?? this;
  }

  // Methods and no accessors: `inspect` can be told to call those.

  read(): unknown {
    return this.#value === IN_LEASE ? forked.get(this.lease)?.get(this) : this.#value;
  }

  write(value: unknown): void {
    if (this.#value === IN_LEASE) forked.get(this.lease)?.set(this, value);
    else this.#value = value;
  }

  /** For a slot whose lease has ended: whoever still holds its frame shall not hold the value too, perhaps for long. */
  clear(): void {
    this.#value = undefined;
  }

  /** A slot of its own for a fork, under the same lease. */
  fork(): Slot {
    const { lease } = this;
    if (lease === PERMANENT || lease.ended) return new Slot(this.variable, this.#value, lease);
    const values = forked.get(lease) ?? new WeakMap<Slot, unknown>();
    const slot = new Slot(this.variable, IN_LEASE, lease);
    values.set(slot, this.read());
    forked.set(lease, values);
    lease.hasForks = true;
    return slot;
  }
}

/** No binding outside this slot can be seen through it, now or later. */
export function isOpaque(slot: Slot): boolean {
  return slot.lease === PERMANENT || slot.variable.scoped;
}
