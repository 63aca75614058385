// Every stage of a request: each looks at its context, and fails where the request says so.
import { ContextVar, currentRequestId, ScopedValue } from 'nestjs-contextvars/core';
import { claim } from '../claims.mjs';

export const tenant = new ContextVar('tenant');
export const role = new ScopedValue('role');
/** Set by nobody but what fails. */
export const touched = new ContextVar('touched', { default: 'untouched' });
/** At which stage the request is to fail. */
export const failsAt = new ContextVar('fails at', { default: undefined });

/** What stages have seen that was not their request's, in words. */
export const crossed = [];
/** What the logger of the module was told. */
export const logged = [];
/** By the id of a request: how often it has ended. */
export const ends = new Map();
/** Errors that the platform takes to the listeners of the process: they have to arrive there. */
export const arrivals = [];

/** The stages whose error nobody but the process can get: Node calls what is there as a listener. */
export const UNCAUGHT = new Set(['a finish listener', 'a close listener', 'a listener of the signal']);

/** How many requests have ended that had failed before their context was set up. */
export const bare = { ends: 0 };

export function see(stage, wantedRole = 'clerk') {
  const id = currentRequestId();
  const seen = [tenant.get('none'), roleHere(), touched.get()];
  if (stage === 'onEnd' && seen[0] === 'none' && seen[1] === 'none') {
    bare.ends += 1;
    return;
  }
  const wanted = [`tenant of ${id}`, wantedRole, 'untouched'];
  const at = seen.findIndex((value, i) => value !== wanted[i]);
  if (at !== -1 && crossed.length < 20)
    crossed.push(`${stage} of ${id} sees ${seen[at]} and not ${wanted[at]}`);
}

/** Looks at the context, and fails where the request is to fail here. */
export function reach(stage, wantedRole) {
  see(stage, wantedRole);
  failHere(stage);
}

/** Where the context has not been set up yet, the request itself says it. */
export function reachWith(request, stage) {
  const headers = request.headers ?? request.raw.headers;
  if (headers['x-fail'] === encodeURIComponent(stage)) throw failure(stage, headers['x-id']);
}

export function failHere(stage) {
  if (failsAt.get() === stage) throw failure(stage, currentRequestId());
}

function failure(stage, id) {
  const error = new Error(`${stage} of ${id}`);
  if (UNCAUGHT.has(stage)) arrivals.push(claim(error, 'uncaught'));
  return error;
}

export function roleHere() {
  try {
    return role.get('none');
  } catch (error) {
    return error.code;
  }
}
