import { currentUnit, type RequestContext } from 'nestjs-contextvars';
import type { Observable } from 'rxjs';
import type { Text } from './desk.controllers.js';
import { seen } from './variables.js';

/** What is sent to the desk. */
export interface Ask {
  readonly label: string;
  readonly [more: string]: unknown;
}

/** What one stage of a message sees. */
export interface Sighting {
  readonly stage: string;
  readonly label: string;
  readonly unit: string | undefined;
  readonly kind: string | undefined;
  readonly value: string;
}

/** What the handlers of a test application do, and what they and everything around them has seen. */
export class Desk {
  readonly sightings: Sighting[] = [];
  /** The messages that handlers have begun with, by label. */
  readonly handled: string[] = [];

  guard: (label: string) => unknown = () => undefined;
  answer: (ask: Ask, context: RequestContext) => unknown = ({ label }) => label;

  /** What handlers were given as the context of the message. */
  readonly contexts: unknown[] = [];
  /** What handlers of gRPC do with a stream of requests, and with a call. */
  collect: (requests: Observable<Text>) => unknown = () => undefined;
  call: (call: unknown, callback: unknown) => void = () => undefined;

  see(stage: string, label: string): void {
    const unit = currentUnit();
    const value = seen.get('nothing');
    this.sightings.push({ stage, label, unit: unit?.id, kind: unit?.kind, value });
  }

  stages(label: string): string[] {
    return this.sightings.filter((one) => one.label === label).map(({ stage }) => stage);
  }

  /** The different units of work that the stages of a message were in. */
  units(label: string): (string | undefined)[] {
    return [...new Set(this.sightings.filter((one) => one.label === label).map(({ unit }) => unit))];
  }

  values(label: string): string[] {
    return [...new Set(this.sightings.filter((one) => one.label === label).map(({ value }) => value))];
  }
}
