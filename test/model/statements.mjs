// The statements without a body: each does its part on the library and on the model, and compares.

import { AsyncResource } from 'node:async_hooks';
import { Thrown } from './execution.mjs';
import * as model from './model.mjs';
import { PLAIN, UNSET, VARIABLES } from './model.mjs';
import { FALLBACK, NAMES, outcomeOf, pick } from './variables.mjs';

/** -1 is undefined, which is a value like any other. */
export function valueFor(run, x) {
  return x === -1 ? undefined : run.base + x;
}

export function look(run, s, place) {
  run.look(s, place);
}

export function get(run, s, place) {
  const variable = run.variables[s.v];
  let got;
  try {
    got = s.fallback ? variable.get(FALLBACK) : variable.get();
  } catch (error) {
    got = outcomeOf(error);
  }
  run.same(s, 'it', got, model.get(place, s.v, s.fallback ? FALLBACK : UNSET));
}

export function set(run, s, place) {
  const { Token } = run.core;
  const value = valueFor(run, s.x);
  let got;
  try {
    got = run.variables[s.v].set(value);
  } catch (error) {
    got = outcomeOf(error);
  }
  const expected = model.set(place, s.v, value);
  if (!(expected instanceof model.Token)) run.same(s, 'it', got, expected);
  else if (!(got instanceof Token)) run.differ(s, 'it', got, 'a token');
  else {
    run.same(s, 'oldValue', got.oldValue === Token.MISSING ? UNSET : got.oldValue, expected.old);
    run.tokens.push([got, expected]);
  }
}

export function reset(run, s, place) {
  const token = pick(run.tokens, s.t);
  if (token === undefined) return;
  const v = s.v === -1 ? token[1].v : s.v;
  let got;
  try {
    got = run.variables[v].reset(token[0]);
  } catch (error) {
    got = outcomeOf(error);
  }
  run.same(s, 'it', got, model.reset(place, v, token[1]));
}

export function bind(run, s, place) {
  const value = valueFor(run, s.x);
  let got;
  try {
    got = run.variables[s.v].bind(value);
  } catch (error) {
    got = outcomeOf(error);
  }
  run.same(s, 'it', got, model.bindBase(place, s.v, value));
}

/** Of the scoped instance: one for each unit of work, made at its base. */
export function use(run, s, place) {
  if (run.scoped === undefined) return;
  let got;
  try {
    got = run.scoped.use();
  } catch (error) {
    got = outcomeOf(error);
  }
  const expected = model.instance(place, FALLBACK);
  if (expected.has === undefined) return run.same(s, 'it', got, expected);
  if (got.has === undefined) return run.differ(s, 'it', got, 'an instance');
  expected.theirs ??= got;
  run.same(s, 'it', got, expected.theirs);
  for (let v = 0; v < VARIABLES; v++) run.same(s, `its ${NAMES[v]}`, got.has[v], expected.has[v]);
}

// --- Contexts as objects

export function copy(run, _, place) {
  run.contexts.push([run.core.copyContext(), model.capture(place)]);
}

export function empty(run, _, place) {
  run.contexts.push([new run.core.Context(), model.emptyContext(place)]);
}

export function copyOf(run, s) {
  const context = pick(run.contexts, s.c);
  if (context !== undefined) run.contexts.push([context[0].copy(), model.copyOf(context[1])]);
}

export function read(run, s) {
  const context = pick(run.contexts, s.c);
  if (context !== undefined) readContext(run, s, context);
}

export function readContext(run, s, [theirs, ours]) {
  for (let v = 0; v < PLAIN; v++) {
    const variable = run.variables[v];
    run.same(s, `get(${NAMES[v]})`, theirs.get(variable), model.valueIn(ours, v));
    run.same(s, `has(${NAMES[v]})`, theirs.has(variable), model.isIn(ours, v));
  }
  run.same(s, 'size', theirs.size, model.sizeOf(ours));
}

export function equals(run, s) {
  const one = pick(run.contexts, s.c);
  const other = pick(run.contexts, s.d);
  if (one !== undefined) run.same(s, 'it', one[0].equals(other[0]), model.areEqual(one[1], other[1]));
}

// --- time

export function pause(run, s, place) {
  return run.pause(s.p, () => run.glance(s, place));
}

/** Leaves a callback here, as a timer or a listener does: whenever it is called, it runs here. */
export function echo(run, _, place) {
  run.echoes.push([new AsyncResource('echo'), place]);
}

export function hear(run, s) {
  const left = pick(run.echoes, s.e);
  if (left !== undefined) hearOne(run, s, left);
}

export function hearOne(run, s, [resource, place]) {
  resource.runInAsyncScope(run.look, run, s, place);
}

function throwOne() {
  throw new Thrown();
}

export { throwOne as throw };

/** The block that it stands in does these two. */
export function join() {}
export function repeat() {}
