import type { BindingMessage, LogValue } from '../../core/index.js';
import { logRecord, type Unit } from '../../core/internal.js';
import { FIELDS } from './limits.js';
import type { RequestRecord, ShownBinding } from './request-record.js';
import { HIDDEN, type Secrets, shortText } from './shown-text.js';

/** What a scope binds, in words; without the values of what is secret. */
export function shownBindings(bindings: readonly BindingMessage[], secrets: Secrets): ShownBinding[] {
  return bindings.slice(0, FIELDS).map(({ name, ...binding }) => {
    const hidden = !('value' in binding) || secrets.hides(name);
    return { name: shortText(name), ...(!hidden && { value: secrets.textOf(binding.value) }) };
  });
}

/** The fields of requests: what the application has in the log lines that it writes at their base. Never what is secret. */
export class ShownFields {
  readonly #secrets: Secrets;
  /** What those of a record were made of: the same object as long as nothing changes. */
  readonly #madeOf = new WeakMap<RequestRecord, object>();

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  /** Reads those of `unit` into its record. */
  read(unit: Unit, record: RequestRecord): void {
    const fields = unit.enter(logRecord);
    if (this.#madeOf.get(record) === fields) return;
    this.#madeOf.set(record, fields);
    record.fields = Object.fromEntries(
      Object.entries(fields)
        .filter(([key]) => key !== 'requestId')
        .slice(0, FIELDS)
        .map(([key, value]) => [shortText(key), this.#textOf(key, value)]),
    );
  }

  #textOf(key: string, value: LogValue): string {
    return this.#secrets.hides(key) ? HIDDEN : this.#secrets.textOf(value);
  }
}
