import type { CarrierEntry } from './carrier-entries.js';
import { type Context, cellOf } from './context.js';
import {
  captureForeign,
  carriedForeign,
  type ForeignContext,
  type ForeignStates,
  registered,
} from './foreign-states.js';
import type { Unit } from './unit.js';

/** What other libraries have to say in a carrier of `context`, or else of what is current. */
export function foreignEntries(context: Context | undefined): CarrierEntry[] {
  if (!registered.some(({ carried }) => carried !== undefined)) return [];
  const states = context === undefined ? captureForeign() : cellOf('injectContext', context).foreign;
  return registered.flatMap(({ carried }, i) => {
    const state = states?.[i];
    return carried === undefined || state === undefined ? [] : Object.entries(carried.write(state));
  });
}

/** Has whoever enters `context` begin with what `entries` say to other libraries. */
export function takeForeignEntries(context: Context, entries: readonly CarrierEntry[]): void {
  if (entries.length === 0) return;
  const text = (name: string) => entries.find(([other]) => other === name)?.[1];
  cellOf('extractContext', context).foreign = carriedForeign(({ carried }) => carried?.read(text));
}

/** The states of other libraries that whoever enters `context` begins with. */
export function foreignOf(context: Context): ForeignStates {
  return cellOf('foreignOf', context).foreign;
}

/** What a carrier brought to other libraries was not meant for `unit`. */
export function forgetForeign(unit: Unit): void {
  const { foreign } = unit as { foreign: ForeignStates };
  registered.forEach(({ carried }: ForeignContext, i) => {
    const state = foreign?.[i];
    if (state !== undefined) carried?.forget?.(state);
  });
}
