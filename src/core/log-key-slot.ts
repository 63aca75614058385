import { inspect } from 'node:util';
import type { Bindable } from './slot.js';

/** What the slots of temporary log fields have as their variable: one object for each key. */
export class LogKey implements Bindable {
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }

  /** As diagnostics show it. */
  get name(): string {
    return `log.${this.key}`;
  }

  get scoped(): false {
    return false;
  }

  get secret(): false {
    return false;
  }

  [inspect.custom](): string {
    return `LogKey { '${this.key}' }`;
  }
}

// Held weakly: keys may be made up at run time. Whatever has a slot of one holds it.
const made = new Map<string, WeakRef<LogKey>>();

const gone = new FinalizationRegistry<string>((key) => {
  if (made.get(key)?.deref() === undefined) made.delete(key);
});

/** The one object of a key, by which its bindings are told from those of others. */
export function logKey(key: string): LogKey {
  const known = made.get(key)?.deref();
  if (known !== undefined) return known;
  const own = new LogKey(key);
  made.set(key, new WeakRef(own));
  gone.register(own, key);
  return own;
}

/** How many keys are known; in tests it shows whether they go. */
export function knownLogKeys(): number {
  return made.size;
}
