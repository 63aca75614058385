import type { UnitOfWork } from '../../core/index.js';
import { currentFrame, requestId, scopeAround, type Unit } from '../../core/internal.js';
import { ChannelListeners, type Messages } from './channel-listeners.js';
import { KeptRecords } from './kept-records.js';
import { type Entry, RequestRecord } from './request-record.js';
import { ShownFields, shownBindings } from './shown-fields.js';
import { errorText, longText, messageText, Secrets, shortText } from './shown-text.js';

/** Where the entries of a unit of work belong. */
interface Place {
  readonly record: RequestRecord;
  /** Of the unit itself; undefined for the one that the record is about, and where there were too many. */
  readonly entry: Entry | undefined;
  readonly isRoot: boolean;
}

export interface RecorderOptions {
  readonly requests: number;
  readonly secrets: readonly string[];
  /** Whether a request with that path is the inspector's own. */
  readonly isOwn: (path: string) => boolean;
}

/** Who is told. */
export interface Audience {
  changed(record: RequestRecord): void;
  gone(record: RequestRecord): void;
}

/** Makes records of what the library's diagnostics channels say, while it listens. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #audience: Audience;
  readonly #secrets: Secrets;
  readonly #kept: KeptRecords;
  /** Weakly: a unit that never ends is nobody's to keep. */
  readonly #places = new WeakMap<UnitOfWork, Place>();
  readonly #fields: ShownFields;
  readonly #listeners: ChannelListeners;

  constructor(options: RecorderOptions, audience: Audience) {
    this.#options = options;
    this.#audience = audience;
    this.#secrets = new Secrets(options.secrets);
    this.#fields = new ShownFields(this.#secrets);
    this.#kept = new KeptRecords(options.requests);
    this.#listeners = new ChannelListeners({
      'unit:start': (message) => this.#unitStarted(message),
      'unit:end': (message) => this.#unitEnded(message),
      'request:start': (message) => this.#requestStarted(message),
      'request:end': (message) => this.#requestEnded(message),
      'scope:start': (message) => this.#scopeStarted(message),
      'scope:end': (message) => this.#scopeEnded(message),
      'task:abort': ({ unit }) => this.#taskSettled(unit, 'aborted'),
      'task:end': (message) => this.#taskEnded(message),
      'instance:start': (message) => this.#instanceMade(message),
      'instance:end': (message) => this.#instanceDisposed(message),
      'log:line': (message) => this.#logged(message),
    });
  }

  get records(): Iterable<RequestRecord> {
    return this.#kept;
  }

  start(): void {
    this.#listeners.start();
  }

  stop(): void {
    this.#listeners.stop();
    for (const record of this.#kept) record.lookAway();
  }

  /** Nothing of that unit is to be seen: it serves the inspector itself. */
  disregard(unit: UnitOfWork | undefined): void {
    const place = unit && this.#places.get(unit);
    if (place?.isRoot) this.#drop(place.record);
  }

  #drop(record: RequestRecord): void {
    this.#kept.delete(record);
    this.#audience.gone(record);
  }

  #add(unit: UnitOfWork, record: RequestRecord): void {
    this.#places.set(unit, { record, entry: undefined, isRoot: true });
    const gone = this.#kept.add(record);
    if (gone !== undefined) this.#audience.gone(gone);
    this.#audience.changed(record);
  }

  /** Undefined where its record is no longer kept, or it has begun before anybody looked. */
  #placeOf(unit: UnitOfWork | undefined): Place | undefined {
    const place = unit && this.#places.get(unit);
    return place !== undefined && this.#kept.has(place.record) ? place : undefined;
  }

  #requestStarted({ unit, method, path }: Messages['request:start']): void {
    if (this.#options.isOwn(path)) return;
    const begun = {
      requestId: shortText(unit.id),
      kind: 'http',
      method: shortText(method),
      title: longText(path),
    };
    this.#add(unit, new RequestRecord(begun, (unit as Unit).elapsed));
  }

  /** A request is added when its path is known; other work belongs to what it was begun in, or to the request that it is done for. */
  #unitStarted({ unit }: Messages['unit:start']): void {
    const { kind, name, cell } = unit as Unit;
    if (kind === 'http') return;
    const frame = currentFrame();
    const id = cell.read(requestId.index) as string | undefined;
    const around = this.#placeOf(frame?.unit);
    const record = around?.record ?? (id === undefined ? undefined : this.#kept.ofRequest(id));
    if (record !== undefined) {
      const parent = around && this.#parentAt(around, scopeAround(frame));
      const entry = record.begin({
        type: 'unit',
        kind: shortText(kind),
        name: name && shortText(name),
        parent,
      });
      this.#places.set(unit, { record, entry, isRoot: false });
      this.#audience.changed(record);
    } else if (frame === undefined || frame.unit.ended) {
      const begun = {
        requestId: shortText(id ?? unit.id),
        kind: shortText(kind),
        title: shortText(name ?? kind),
      };
      this.#add(unit, new RequestRecord(begun, (unit as Unit).elapsed));
    }
  }

  #requestEnded({ unit, outcome, status, durationMs, error }: Messages['request:end']): void {
    const place = this.#placeOf(unit);
    if (place === undefined) return;
    this.#readFields(unit, place);
    const failure = error === undefined ? undefined : errorText(error);
    place.record.end({ outcome, status, durationMs, error: failure });
    this.#audience.changed(place.record);
  }

  #unitEnded({ unit, durationMs = 0 }: Messages['unit:end']): void {
    const place = this.#placeOf(unit);
    if (place === undefined) return;
    const { record, entry, isRoot } = place;
    if (isRoot) {
      this.#readFields(unit, place);
      record.end({ outcome: 'completed', durationMs });
    } else if (entry !== undefined) record.finish(entry, 'completed');
    this.#audience.changed(record);
  }

  #taskEnded(message: Messages['task:end']): void {
    if ('error' in message) this.#taskSettled(message.unit, 'failed', errorText(message.error));
  }

  #taskSettled(unit: UnitOfWork, outcome: 'failed' | 'aborted', error?: string): void {
    const place = this.#placeOf(unit);
    if (place === undefined) return;
    const { record, entry, isRoot } = place;
    if (entry !== undefined) {
      entry.outcome ??= outcome;
      if (error !== undefined) entry.error = error;
    } else if (isRoot && outcome === 'failed')
      record.end({ outcome, durationMs: (unit as Unit).elapsed, error });
    this.#audience.changed(record);
  }

  #scopeStarted({ unit, id, parent, name, bindings }: Messages['scope:start']): void {
    const place = this.#placeOf(unit);
    // A block of log fields is no privilege: what it binds is in the lines.
    if (place === undefined || bindings.every((binding) => binding.name.startsWith('log.'))) return;
    this.#readFields(unit, place);
    place.record.beginScope(id, {
      type: 'scope',
      name: name && shortText(name),
      parent: this.#parentAt(place, parent),
      bindings: shownBindings(bindings, this.#secrets),
    });
    this.#audience.changed(place.record);
  }

  #scopeEnded({ unit, id }: Messages['scope:end']): void {
    const place = this.#placeOf(unit);
    if (place === undefined) return;
    place.record.endScope(id);
    this.#audience.changed(place.record);
  }

  #instanceMade({ unit, name }: Messages['instance:start']): void {
    const place = this.#placeOf(unit);
    if (place === undefined) return;
    place.record.begin({ type: 'instance', name: shortText(name), parent: place.entry?.id });
    this.#audience.changed(place.record);
  }

  #instanceDisposed(message: Messages['instance:end']): void {
    const place = this.#placeOf(message.unit);
    if (place === undefined) return;
    const error = 'error' in message ? errorText(message.error) : undefined;
    place.record.endInstance(place.entry?.id, shortText(message.name), error);
    this.#audience.changed(place.record);
  }

  #logged({ unit, level, context, message }: Messages['log:line']): void {
    const place = this.#placeOf(unit);
    if (unit === undefined || place === undefined) return;
    this.#readFields(unit, place);
    place.record.log({
      level,
      context: shortText(String(context)),
      text: messageText(message, this.#secrets),
      parent: this.#parentAt(place, scopeAround(currentFrame())),
    });
    this.#audience.changed(place.record);
  }

  #readFields(unit: UnitOfWork, { record, isRoot }: Place): void {
    if (isRoot) this.#fields.read(unit as Unit, record);
  }

  /** The scope where one is open and known, else the unit. */
  #parentAt({ record, entry }: Place, scope: number | undefined): number | undefined {
    return (record.scope(scope) ?? entry)?.id;
  }
}
