// Who a request is, in every form that a context has for it, and the check that they agree with what the code was told.

import { ClsServiceManager } from 'nestjs-cls';
import { ContextVar, currentUnit, RequestContext, ScopedValue } from 'nestjs-contextvars';

export const who = new ContextVar('who');
export const actor = new ScopedValue('actor');
export const context = new RequestContext();

/** Makes `see(bit, n)`: the stage `bit` has been reached, by request `n` as far as its code knows. */
export function seeFor(ledger) {
  const see = (bit, n) => ledger.pass(bit, n, who.get(-1), actor.get(-1), context.id);

  /** The same, and what only a unit that goes on has: the request, the store of nestjs-cls. */
  see.fully = (bit, n) => {
    see(bit, n);
    const told = `${context.request.headers['x-n']} ${ClsServiceManager.getClsService().getId()}`;
    if (told !== `${n} r${n}`) ledger.cross(bit, n, `request and store of ${told}`);
  };

  /** The same, after the end or before it: then reading the request says so, and shows none. */
  see.late = (bit, n) => {
    if (!currentUnit().ended) {
      see.fully(bit, n);
      return;
    }
    see(bit, n);
    try {
      ledger.cross(bit, n, `the request ${context.request.headers['x-n']} after its end`);
    } catch (error) {
      if (error.code !== 'ERR_SCOPE_ENDED') ledger.cross(bit, n, `${error} after its end`);
    }
  };
  return see;
}

/** What the request was sent as, by a way that is not its context. */
export const numberOf = (request) => Number(request.headers['x-n']);

/** Throws where the request asks for it. */
export function failWhere(name, request, error = () => new Error('on purpose')) {
  if (request.headers['x-fail'] === name) throw error();
}
