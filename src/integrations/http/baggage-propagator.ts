// The one file that loads OpenTelemetry: its API and the propagator of `@opentelemetry/core`, which needs no SDK.
import { propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { W3CBaggagePropagator } from '@opentelemetry/core';
import type { CarrierEntry } from '../../core/internal.js';

const propagator = new W3CBaggagePropagator();

interface Header {
  text: string;
}

const setter = {
  set(header: Header, _name: string, text: string): void {
    header.text = text;
  },
};

const getter = {
  keys: (): string[] => ['baggage'],
  get: (header: Header): string => header.text,
};

/** A `baggage` header of these entries. */
export function encodeBaggage(entries: readonly CarrierEntry[]): string {
  const baggage = propagation.createBaggage(
    Object.fromEntries(entries.map(([key, value]) => [key, { value }])),
  );
  const header: Header = { text: '' };
  propagator.inject(propagation.setBaggage(ROOT_CONTEXT, baggage), header, setter);
  return header.text;
}

/** What the propagator reads; it skips entries that it cannot read. */
export function decodeBaggage(text: string): ReadonlyMap<string, string> {
  const baggage = propagation.getBaggage(propagator.extract(ROOT_CONTEXT, { text }, getter));
  return new Map(baggage?.getAllEntries().map(([key, { value }]) => [key, value]));
}
