// The statements that have a body: where the model says that it runs, and what of the library runs it.

import { Call, perform, start } from './calls.mjs';
import * as model from './model.mjs';
import { empty, valueFor } from './statements.mjs';
import { pick } from './variables.mjs';

/** One body that runs at `inner`; `enter(fn)` calls the library. */
function one(run, s, inner, end, enter, lease) {
  const call = new Call(s, s, inner, end, lease);
  return perform(run, s, [call], () => enter(() => start(run, call)));
}

function nothing() {}

/** Ends what ends with a call, and the unit of work that was begun around it: a microtask later, unless at once. */
function ending(first, around) {
  if (around === undefined) return () => first.end();
  return (sync) => {
    first?.end();
    if (sync) around.end();
    else queueMicrotask(() => around.end());
  };
}

/** Outside any context a unit of work is begun for the call. */
function around(place) {
  const outer = place ?? model.newUnit();
  return { outer, unit: place === undefined ? outer.unit : undefined };
}

export function run(run, s, place) {
  const { outer, unit } = around(place);
  const value = valueFor(run, s.x);
  const end = unit === undefined ? nothing : ending(undefined, unit);
  return one(run, s, model.under(outer, s.v, value), end, (fn) => run.variables[s.v].run(value, fn));
}

export function scoped(run, s, place) {
  const { outer, unit } = around(place);
  const lease = new model.Lease(outer.unit);
  const value = valueFor(run, s.x);
  const inner = model.under(outer, s.v, value, lease);
  const enter = (fn) => run.variables[s.v].run(value, fn);
  return one(run, s, inner, ending(lease, unit), enter, lease);
}

export function temp(run, s, place) {
  const { outer, unit } = around(place);
  const lease = new model.Lease(outer.unit);
  let inner = outer;
  const bindings = s.bindings.map(([v, x]) => {
    const value = valueFor(run, x);
    inner = model.under(inner, v, value, lease);
    return run.variables[v].as(value);
  });
  const enter = (fn) => run.core.withTempContext(bindings, fn);
  return one(run, s, inner, ending(lease, unit), enter, lease);
}

export function enter(run, s, place) {
  if (run.contexts.length === 0) empty(run, s, place);
  const [theirs, ours] = pick(run.contexts, s.c);
  const { inner, end } = model.enter(place, ours);
  return one(run, s, inner, end, (fn) => theirs.run(fn));
}

export function task(run, s, place) {
  const context = s.c === -1 ? undefined : pick(run.contexts, s.c);
  const inner = context === undefined ? model.newTask(place) : model.newUnitIn(context[1]);
  const options = context === undefined ? undefined : { context: context[0] };
  return one(run, s, inner, ending(inner.unit), (fn) => run.core.createTask(fn, options));
}

export function unit(run, s) {
  const context = s.c === -1 ? undefined : pick(run.contexts, s.c);
  const inner = model.newUnitIn(context?.[1]);
  const options = context === undefined ? { kind: 'model' } : { kind: 'model', context: context[0] };
  return one(run, s, inner, ending(inner.unit), (fn) => run.core.runUnitOfWork(options, fn));
}

export function gather(run, s, place) {
  // Outside any context it begins a unit of work, of which a body cannot see when it ends.
  if (place === undefined) return undefined;
  const calls = s.branches.map((branch) => new Call(s, branch, () => model.fork(place), nothing));
  return perform(run, s, calls, () => run.core.gather(calls.map((call) => () => start(run, call))));
}

/** An async function that is called as any other. */
export function spawn(run, s, place) {
  return one(run, s, place, nothing, (fn) => fn());
}

export function all(run, s, place) {
  const calls = s.branches.map((branch) => new Call(s, branch, place, nothing));
  return perform(run, s, calls, () => Promise.all(calls.map((call) => start(run, call))));
}

// --- functions that are made now and called later

export function preserve(run, s) {
  make(run, s, run.core.preserveContext, model.newTask, (inner) => ending(inner.unit));
}

export function bindFn(run, s, place) {
  make(run, s, run.core.bindContext, model.bound(place), () => nothing);
}

function make(run, s, wrap, placeFor, endFor) {
  const made = { s, call: undefined, placeFor, endFor };
  made.theirs = wrap(() => start(run, made.call));
  run.functions.push(made);
}

export function call(run, s, place) {
  const made = pick(run.functions, s.f);
  // A function that calls itself has to come to an end before the stack does.
  if (made === undefined || run.depth > 20) return undefined;
  const inner = made.placeFor(place);
  made.call = new Call(s, made.s, inner, made.endFor(inner));
  return perform(run, s, [made.call], () => made.theirs());
}
