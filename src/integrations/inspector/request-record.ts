import { ENTRIES, LINES } from './limits.js';

/** One binding of a temporary scope; no `value` where it is hidden. */
export interface ShownBinding {
  readonly name: string;
  readonly value?: string;
}

/** How something has ended; undefined while it goes on. */
export type Outcome = 'completed' | 'failed' | 'aborted' | 'disposed' | 'ended';

/** A temporary scope, a unit of work (a task, a job) or a scoped instance of a request. */
export interface Entry {
  readonly id: number;
  /** The entry that it began in; undefined directly in the request. */
  readonly parent: number | undefined;
  readonly type: 'scope' | 'unit' | 'instance';
  /** Of a unit: `task`, `job`, `preserved` ... */
  readonly kind?: string;
  readonly name: string | undefined;
  readonly bindings?: readonly ShownBinding[];
  /** From the beginning of the request, in ms. */
  readonly startMs: number;
  endMs?: number;
  outcome?: Outcome;
  error?: string;
}

export interface Line {
  /** From the beginning of the request, in ms. */
  readonly atMs: number;
  /** The entry that it was logged in. */
  readonly parent: number | undefined;
  readonly level: string;
  readonly context: string;
  readonly text: string;
}

interface Begun {
  readonly requestId: string;
  readonly kind: string;
  /** The method of a request. */
  readonly method?: string;
  /** The path of a request; else what the work is called. */
  readonly title: string;
}

interface Ended {
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly status?: number | undefined;
  readonly error?: string | undefined;
}

let last = 0;

/** What is kept of one request, or of work that no request has begun: texts and numbers, bounded, and nothing of the application's. */
export class RequestRecord {
  readonly key: number;
  readonly requestId: string;
  fields: Readonly<Record<string, string>> = {};
  readonly #begun: Begun;
  readonly #startedAt: number;
  readonly #began: number;
  readonly #entries: Entry[] = [];
  readonly #lines: Line[] = [];
  /** Those that are open, by the id of their messages. */
  readonly #scopes = new Map<number, Entry>();
  #entriesLeftOut = 0;
  #linesLeftOut = 0;
  #ended: Ended | undefined;
  #unseen = false;

  /** Its unit of work began `elapsedMs` ago. */
  constructor(begun: Begun, elapsedMs: number) {
    this.#startedAt = Date.now() - elapsedMs;
    this.#began = performance.now() - elapsedMs;
    last += 1;
    this.key = last;
    this.requestId = begun.requestId;
    this.#begun = begun;
  }

  /** Adds an entry that begins now; gives undefined where there are too many. */
  begin(entry: Omit<Entry, 'id' | 'startMs'>): Entry | undefined {
    if (this.#entries.length === ENTRIES) {
      this.#entriesLeftOut += 1;
      return undefined;
    }
    const begun: Entry = { ...entry, id: this.#entries.length, startMs: this.#now() };
    this.#entries.push(begun);
    return begun;
  }

  finish(entry: Entry, outcome: Outcome, error?: string): void {
    entry.endMs ??= this.#now();
    entry.outcome ??= outcome;
    if (error !== undefined) entry.error = error;
  }

  beginScope(scope: number, entry: Omit<Entry, 'id' | 'startMs'>): void {
    const begun = this.begin(entry);
    if (begun !== undefined) this.#scopes.set(scope, begun);
  }

  /** The entry of a scope that is open. */
  scope(scope: number | undefined): Entry | undefined {
    return scope === undefined ? undefined : this.#scopes.get(scope);
  }

  endScope(scope: number): void {
    const entry = this.#scopes.get(scope);
    this.#scopes.delete(scope);
    if (entry !== undefined) this.finish(entry, 'ended');
  }

  /** Of two with one name the later one: the order in which they are disposed of. */
  endInstance(parent: number | undefined, name: string, error: string | undefined): void {
    const entry = this.#entries.findLast(
      (one) =>
        one.type === 'instance' && one.parent === parent && one.name === name && one.endMs === undefined,
    );
    if (entry !== undefined) this.finish(entry, error === undefined ? 'disposed' : 'failed', error);
  }

  log(line: Omit<Line, 'atMs'>): void {
    if (this.#lines.length === LINES) this.#linesLeftOut += 1;
    else this.#lines.push({ ...line, atMs: this.#now() });
  }

  /** Once. */
  end(ended: Ended): void {
    this.#ended ??= ended;
    this.#unseen = false;
  }

  /** Nobody will see what of it ends from now on. */
  lookAway(): void {
    this.#unseen = this.#ended === undefined;
  }

  /** Milliseconds from its beginning, to the µs. */
  #now(): number {
    return Math.round((performance.now() - this.#began) * 1000) / 1000;
  }

  /** As the page gets it. */
  toJSON(): object {
    return {
      key: this.key,
      ...this.#begun,
      startedAt: this.#startedAt,
      ...this.#ended,
      unseen: this.#unseen,
      fields: this.fields,
      entries: this.#entries,
      lines: this.#lines,
      leftOut: { entries: this.#entriesLeftOut, lines: this.#linesLeftOut },
    };
  }
}
