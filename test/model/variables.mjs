// The variables of the programs: `a` to `d` are ContextVars, of which `b` has a default; `s` and `t` are ScopedValues.

import { CODES, DEFAULTS, PLAIN, UNSET } from './model.mjs';

export const NAMES = ['a', 'b', 'c', 'd', 's', 't'];
export const FALLBACK = 'fallback';

/** The library with variables of its own, and with something scoped whose instances have what they could read. */
export function environmentOf(core) {
  const { ContextVar, ScopedValue, Scoped } = core;
  const variables = NAMES.map((name, v) => {
    if (v >= PLAIN) return new ScopedValue(name);
    return DEFAULTS[v] === UNSET ? new ContextVar(name) : new ContextVar(name, { default: DEFAULTS[v] });
  });
  const make = () => ({ has: variables.map(read) });
  return { core, variables, scoped: Scoped && new Scoped({ name: 'instance', make }) };
}

export function read(variable) {
  try {
    return variable.get(FALLBACK);
  } catch (error) {
    return outcomeOf(error);
  }
}

/** The model's word for what the library has thrown. */
export function outcomeOf(error) {
  return CODES[error.code] ?? error;
}

/** Counted from the last one. */
export function pick(list, index) {
  return list.length === 0 ? undefined : list[list.length - 1 - (index % list.length)];
}
