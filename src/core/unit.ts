import type { Cell } from './cell.js';
import { ContextError } from './context-error.js';
import { channels } from './diagnostics.js';
import { type ForeignStates, isUnforked, releaseForeign, runForeign } from './foreign-states.js';
import type { Frame } from './frame.js';
import { nodeCrypto } from './node-crypto.js';
import { frameOf } from './overlay.js';
import { reportError } from './report-error.js';
import { requireRoomToLeave, storage } from './storage.js';

/**
 * One request, message, job, tick, invocation, task or preserved call: what has an id, a Context and, with
 * the container, its own scoped instances.
 */
export interface UnitOfWork {
  /** Unique unless the opener gave one; a UUID otherwise. */
  readonly id: string;
  /** What kind of work: `http`, `task`, `cron` ... */
  readonly kind: string;
  readonly startedAt: Date;
  /** Aborts when the unit ends, with an `ERR_SCOPE_ENDED` as reason, or earlier where an integration says so. */
  readonly signal: AbortSignal;
  readonly ended: boolean;
}

/** What a unit ends with it: a temporary scope whose work has not settled. */
export interface Endable {
  end(): void;
}

export type EndHook = () => void | PromiseLike<void>;

/** The phases of a unit's end that are waited for, in their order: listeners of users, disposal of instances. */
export type EndPhase = 'end' | 'dispose';

/** Also those that are added by one of them. */
function* inOrder(hooks: Record<EndPhase, EndHook[]>): Generator<EndHook, void> {
  yield* hooks.end;
  // Instances are disposed in reverse order of their creation, everything else in order.
  yield* hooks.dispose.reverse();
}

export class Unit implements UnitOfWork {
  readonly kind: string;
  /** What the task or method is called, for diagnostics. */
  readonly name: string | undefined;
  /** The first of the units that were opened for the same call: its own, and one for each later subscription. */
  origin: Unit = this;
  /** What the container keeps of the unit: its scoped instances. Gone at the end. */
  instances: object | undefined;
  #opener: unknown;
  #id: string | undefined;
  readonly #started = performance.now();
  readonly #cell: Cell;
  /** Where the unit's own code begins: its Context and no temporary binding. */
  readonly #base: Frame;
  #state: 'open' | 'ending' | 'ended' = 'open';
  #ending: Promise<void> | undefined;
  #controller: AbortController | undefined;
  #foreign: ForeignStates;
  #open: Set<Endable> | undefined;
  #hooks: Record<EndPhase, EndHook[]> | undefined;
  #releases: (() => void)[] | undefined;

  constructor(kind: string, cell: Cell, id?: string, name?: string) {
    this.kind = kind;
    this.name = name;
    this.#id = id;
    this.#cell = cell;
    this.#base = frameOf(this, cell);
  }

  get id(): string {
    this.#id ??= nodeCrypto().randomUUID();
    return this.#id;
  }

  get startedAt(): Date {
    return new Date(performance.timeOrigin + this.#started);
  }

  /** Milliseconds since the unit began. */
  get elapsed(): number {
    return performance.now() - this.#started;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.ended) this.#controller.abort(this.#endedError());
    }
    return this.#controller.signal;
  }

  get cell(): Cell {
    return this.#cell;
  }

  get base(): Frame {
    return this.#base;
  }

  /** What the opener keeps with the unit for as long as it lasts: the HTTP exchange, the job. */
  get state(): unknown {
    return this.#opener;
  }

  set state(state: unknown) {
    this.#opener = state;
  }

  get foreign(): ForeignStates {
    return this.#foreign;
  }

  start(foreign: ForeignStates): void {
    this.#foreign = foreign;
    if (isUnforked(this.#cell.foreign)) this.#cell.foreign = foreign;
    if (channels.unitStart.hasSubscribers) channels.unitStart.publish({ unit: this });
  }

  /** The context of another library that is the unit's is `state` from now on; `at` is its place. */
  moveForeign(at: number, state: unknown): void {
    const isOfCell = this.#cell.foreign === this.#foreign;
    this.#foreign = this.#foreign?.map((before, i) => (i === at ? state : before));
    if (isOfCell) this.#cell.foreign = this.#foreign;
  }

  abort(reason: unknown): void {
    void this.signal;
    this.#controller?.abort(reason);
  }

  hold(scope: Endable): void {
    this.#open ??= new Set();
    this.#open.add(scope);
  }

  drop(scope: Endable): void {
    this.#open?.delete(scope);
  }

  /** Runs `fn` at the base: under no temporary binding, in no branch, with the contexts of other libraries. */
  enter<R>(fn: () => R): R {
    requireRoomToLeave();
    return runForeign(this.#foreign, () => storage.run(this.#base, fn));
  }

  /** Calls `hook` at the base of the unit when it ends. */
  on(phase: EndPhase, hook: EndHook): void {
    if (this.ended) throw this.#endedError();
    this.#hooks ??= { end: [], dispose: [] };
    this.#hooks[phase].push(hook);
  }

  /** Calls `release` last of all. It must not throw. */
  onRelease(release: () => void): void {
    this.#releases ??= [];
    this.#releases.push(release);
  }

  /** Ends the unit, once. Gives a promise only where a hook has to be waited for; it never rejects. */
  end(): Promise<void> | undefined {
    if (this.#state !== 'open') return this.#ending;
    this.#state = 'ending';
    if (this.#open !== undefined) for (const scope of [...this.#open]) scope.end();
    const running = this.#hooks && this.#runHooks(inOrder(this.#hooks));
    if (running === undefined) this.#release();
    this.#ending = running;
    return running;
  }

  /** Gives a promise from the first hook on that gives one. */
  #runHooks(hooks: Iterator<EndHook>): Promise<void> | undefined {
    for (let next = hooks.next(); !next.done; next = hooks.next()) {
      const result = this.#runHook(next.value);
      if (result !== undefined) return this.#runHooksAfter(result, hooks);
    }
    return undefined;
  }

  async #runHooksAfter(first: PromiseLike<void>, hooks: Iterator<EndHook>): Promise<void> {
    await first;
    for (let next = hooks.next(); !next.done; next = hooks.next()) await this.#runHook(next.value);
    // Not a microtask later: what is left running must not add hooks that nobody runs.
    this.#release();
  }

  /** Runs one to its end, whatever that is. */
  #runHook(hook: EndHook): PromiseLike<void> | undefined {
    try {
      const result = this.enter(hook);
      // A promise of ours, because a thenable of others may call back from anywhere.
      return typeof result?.then === 'function'
        ? Promise.resolve(result).catch((error) => this.#reportAtEnd(error))
        : undefined;
    } catch (error) {
      this.#reportAtEnd(error);
      return undefined;
    }
  }

  /** Reports an error in the context of the unit. Never throws: what is left of its end has to be done. */
  report(error: unknown, where: string): void {
    let told = false;
    const tell = () => {
      told = true;
      reportError(error, where);
    };
    try {
      this.enter(tell);
    } catch {
      // Another library's context could not be entered or left, or the stack is at its end.
      if (!told) tell();
    }
  }

  #reportAtEnd(error: unknown): void {
    this.report(error, `at the end of the unit of work '${this.kind}'`);
  }

  #release(): void {
    this.#state = 'ended';
    this.#hooks = undefined;
    this.#opener = undefined;
    this.instances = undefined;
    this.#open = undefined;
    try {
      releaseForeign(this.#foreign);
    } catch (error) {
      this.#reportAtEnd(error);
    }
    if (this.#releases !== undefined) for (const release of this.#releases) release();
    this.#releases = undefined;
    const controller = this.#controller;
    if (controller !== undefined && !controller.signal.aborted) {
      const reason = this.#endedError();
      // Until its stack is read, V8 keeps what the calls in it were made on, for whoever keeps the signal: a request.
      void reason.stack;
      storage.run(this.#base, () => controller.abort(reason));
    }
    if (channels.unitEnd.hasSubscribers) channels.unitEnd.publish({ unit: this, durationMs: this.elapsed });
  }

  #endedError(): ContextError {
    return new ContextError(
      'ERR_SCOPE_ENDED',
      `The unit of work '${this.kind}' has ended; work that outlives it belongs in createTask or @PreserveContext.`,
    );
  }

  toJSON(): { id: string; kind: string; startedAt: Date; ended: boolean } {
    return { id: this.id, kind: this.kind, startedAt: this.startedAt, ended: this.ended };
  }
}
