// What the library promises, written from its documentation as plainly as possible: the context is an argument that is
// passed by hand, forks copy everything, nothing is shared, pruned or cached, and no AsyncLocalStorage is involved.
//
// A place is where code is: { unit, context, bindings }, or undefined outside any context. `context` holds the values
// of a Context; `bindings` are those of `run` and of temporary scopes over it, innermost first.

export const UNSET = Symbol('unset');
/** The value of a ScopedValue in what was captured while a temporary binding of it was in force. */
const CAPTURED = Symbol('captured');

/** What a failed operation comes to; one object per code, so that outcomes are compared by identity. */
export const CODES = Object.fromEntries(
  [
    'ERR_VAR_UNSET',
    'ERR_NO_ACTIVE_CONTEXT',
    'ERR_TOKEN_USED',
    'ERR_TOKEN_FOREIGN_VAR',
    'ERR_TOKEN_FOREIGN_CONTEXT',
    'ERR_ALREADY_BOUND',
    'ERR_SCOPE_ENDED',
  ].map((code) => [code, { code }]),
);

/** Variables are numbers: those below `PLAIN` are ContextVars, the others ScopedValues. */
export const PLAIN = 4;
export const VARIABLES = 6;
const isScoped = (v) => v >= PLAIN;

/** Variable 1 has a default. */
export const DEFAULTS = [UNSET, 'default', UNSET, UNSET];

export class Unit {
  ended = false;
  /** The library's object for it, when it has been seen. */
  seen = undefined;
  /** Where its instances are made: in its Context, under no binding and in no branch. */
  base = undefined;
  /** What its scoped instance has read when it was made, and the library's object for it. */
  instance = undefined;
  /** Of scopes that are open in it, and whose calls have given a promise or an iterator by now. */
  leases = new Set();

  /** Such scopes end with their unit. */
  end() {
    if (this.ended) return;
    this.ended = true;
    for (const lease of this.leases) lease.ended = true;
    this.leases.clear();
  }
}

export class Lease {
  ended = false;

  constructor(unit) {
    this.unit = unit;
  }

  hold() {
    this.unit.leases.add(this);
  }

  end() {
    this.ended = true;
    this.unit.leases.delete(this);
  }
}

/** Of `run`, which never ends, and of what was captured, which keeps its value. */
const FOR_GOOD = { ended: false };

class Context {
  constructor(values, unit) {
    this.values = values;
    this.unit = unit;
  }
}

class Place {
  constructor(unit, context, bindings) {
    this.unit = unit;
    this.context = context;
    this.bindings = bindings;
  }
}

class Binding {
  constructor(v, value, lease, outer) {
    this.v = v;
    this.value = value;
    this.lease = lease;
    this.outer = outer;
  }
}

/** What `set` gives. */
export class Token {
  used = false;

  constructor(v, old, owner) {
    this.v = v;
    this.old = old;
    this.owner = owner;
  }
}

const NOTHING = Array(VARIABLES).fill(UNSET);

function innermost(place, v) {
  let binding = place.bindings;
  while (binding !== undefined && binding.v !== v) binding = binding.outer;
  return binding;
}

/** What a ContextVar is bound to: the innermost binding that is still in force, then the Context. */
function visible(place, v) {
  for (let binding = place.bindings; binding !== undefined; binding = binding.outer) {
    if (binding.v === v && !binding.lease.ended) return binding.value;
  }
  return place.context.values[v];
}

/** A ScopedValue is never looked through: not an ended binding, and not one that was captured. */
function visibleScoped(place, v) {
  const binding = innermost(place, v);
  if (binding?.lease.ended) return CODES.ERR_SCOPE_ENDED;
  const value = binding === undefined ? place.context.values[v] : binding.value;
  return value === CAPTURED ? CODES.ERR_SCOPE_ENDED : value;
}

/** `get()`, and `get(fallback)` where one is given. */
export function get(place, v, fallback = UNSET) {
  if (place !== undefined) {
    const value = isScoped(v) ? visibleScoped(place, v) : visible(place, v);
    if (value !== UNSET) return value;
  }
  if (fallback !== UNSET) return fallback;
  return isScoped(v) || DEFAULTS[v] === UNSET ? CODES.ERR_VAR_UNSET : DEFAULTS[v];
}

/** Gives the token, or the code of the error. */
export function set(place, v, value) {
  if (place === undefined) return CODES.ERR_NO_ACTIVE_CONTEXT;
  const binding = innermost(place, v);
  if (binding === undefined) {
    const token = new Token(v, place.context.values[v], place.context);
    place.context.values[v] = value;
    return token;
  }
  if (binding.lease.ended) return CODES.ERR_SCOPE_ENDED;
  const token = new Token(v, binding.value, binding);
  binding.value = value;
  return token;
}

/** Gives undefined, or the code of the error. */
export function reset(place, v, token) {
  if (token.used) return CODES.ERR_TOKEN_USED;
  if (token.v !== v) return CODES.ERR_TOKEN_FOREIGN_VAR;
  const binding = place && innermost(place, v);
  const owner = binding ?? place?.context;
  if (owner !== token.owner) return CODES.ERR_TOKEN_FOREIGN_CONTEXT;
  if (binding === undefined) owner.values[v] = token.old;
  else if (binding.lease.ended) return CODES.ERR_SCOPE_ENDED;
  else binding.value = token.old;
  token.used = true;
  return undefined;
}

/** `ScopedValue.bind`: once for each unit of work, and once for what was captured under a temporary binding. */
export function bindBase(place, v, value) {
  if (place === undefined) return CODES.ERR_NO_ACTIVE_CONTEXT;
  const binding = innermost(place, v);
  if (binding?.lease.ended) return CODES.ERR_SCOPE_ENDED;
  const holder = binding ?? place.context.values;
  const key = binding === undefined ? v : 'value';
  if (holder[key] !== CAPTURED && (binding !== undefined || holder[key] !== UNSET)) {
    return CODES.ERR_ALREADY_BOUND;
  }
  holder[key] = value;
  return undefined;
}

/** A scoped instance: made at its first use in each unit of work, and gone at the end of it. */
export function instance(place, fallback) {
  if (place === undefined) return CODES.ERR_NO_ACTIVE_CONTEXT;
  const { unit } = place;
  if (unit.ended) return CODES.ERR_SCOPE_ENDED;
  if (unit.instance === undefined) {
    const read = (_, v) => get(unit.base, v, fallback);
    unit.instance = { has: Array.from({ length: VARIABLES }, read), theirs: undefined };
  }
  return unit.instance;
}

// --- places

/** Where a unit of work begins that has a Context of its own, or one that was given. */
export function newUnit(context = new Context(NOTHING.slice(), undefined)) {
  const unit = new Unit();
  unit.base = new Place(unit, context, undefined);
  return unit.base;
}

export function under(place, v, value, lease = FOR_GOOD) {
  return new Place(place.unit, place.context, new Binding(v, value, lease, place.bindings));
}

/** A branch of `gather`: all values and bindings are its own, temporary ones end where they would have. */
export function fork(place) {
  const copied = (binding) =>
    binding && new Binding(binding.v, binding.value, binding.lease, copied(binding.outer));
  const context = new Context(place.context.values.slice(), place.unit);
  return new Place(place.unit, context, copied(place.bindings));
}

/** `copyContext`: the values as they are seen now, but for a ScopedValue under a temporary binding. */
export function capture(place) {
  if (place === undefined) return new Context(NOTHING.slice(), undefined);
  const values = place.context.values.slice();
  for (let v = 0; v < VARIABLES; v++) {
    const binding = innermost(place, v);
    if (binding !== undefined) values[v] = isScoped(v) ? kept(binding) : visible(place, v);
  }
  return new Context(values, place.unit);
}

function kept(binding) {
  return binding.lease === FOR_GOOD ? binding.value : CAPTURED;
}

export function emptyContext(place) {
  return new Context(NOTHING.slice(), place?.unit);
}

export function copyOf(context) {
  return new Context(context.values.slice(), context.unit);
}

/** What a task or a preserved call starts in: a unit of its own with a copy of the context. */
export function newTask(place) {
  const started = newUnit(capture(place));
  started.context.unit = started.unit;
  return started;
}

/** A unit of work in a Context that was given, which then belongs to it unless it belongs to one that is open. */
export function newUnitIn(context = emptyContext(undefined)) {
  const started = newUnit(context);
  if (context.unit === undefined || context.unit.ended) context.unit = started.unit;
  return started;
}

/**
 * `Context.run`: in the unit that the Context belongs to, else in the caller's; where there is none, or it has ended, in
 * one that lasts for this call, and that the Context belongs to for so long. `end` is what ends with the call.
 */
export function enter(place, context) {
  const owner = context.unit ?? place?.unit;
  if (owner !== undefined && !owner.ended)
    return { inner: new Place(owner, context, undefined), end: () => {} };
  const before = context.unit;
  const inner = newUnit(context);
  context.unit = inner.unit;
  const end = () => {
    context.unit = before;
    inner.unit.end();
  };
  return { inner, end };
}

/** `bindContext`: makes the places of the calls, each with bindings of its own over the live Context. */
export function bound(place) {
  if (place?.bindings === undefined) return () => place;
  const captured = [];
  for (let v = 0; v < VARIABLES; v++) {
    const binding = innermost(place, v);
    if (binding === undefined) continue;
    if (isScoped(v)) captured.push([v, kept(binding)]);
    else if (anyInForce(binding)) captured.push([v, visible(place, v)]);
  }
  const live = new Place(place.unit, place.context, undefined);
  return () => captured.reduce((inner, [v, value]) => under(inner, v, value), live);
}

function anyInForce(binding) {
  for (let at = binding; at !== undefined; at = at.outer)
    if (at.v === binding.v && !at.lease.ended) return true;
  return false;
}

// --- what a Context says of itself

export function valueIn(context, v) {
  return context.values[v] === UNSET ? undefined : context.values[v];
}

export function isIn(context, v) {
  return context.values[v] !== UNSET;
}

export function sizeOf(context) {
  return context.values.slice(0, PLAIN).filter((value) => value !== UNSET).length;
}

export function areEqual(a, b) {
  return a.values.slice(0, PLAIN).every((value, v) => Object.is(value, b.values[v]));
}
