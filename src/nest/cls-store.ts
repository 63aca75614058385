import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import {
  CLS_ID,
  CLS_REQ,
  CLS_RES,
  ClsGuard,
  ClsInterceptor,
  ClsModule,
  ClsServiceManager,
  type ClsStore,
  ContextClsStoreMap,
} from 'nestjs-cls';
import { registerForeignContext, type UnitOfWork } from '../core/index.js';
import { outsideForeign, requestId, type Unit } from '../core/internal.js';
import { HttpExchange } from './http-exchange.js';

/** The one symbol under which a CLS store holds the unit of work that lives in it. */
export const CLS_UNIT: unique symbol = Symbol.for('nestjs-contextvars.unit');

/** Whether its guard, interceptor, proxy providers and plugins may be at work: they have keys of their own. Known once the first request of an application is opened. */
let hasOthers = false;

type Store = ClsStore & {
  [CLS_UNIT]?: UnitOfWork;
  [CLS_ID]?: string;
  [CLS_REQ]?: object;
  [CLS_RES]?: unknown;
};

/** The seam to nestjs-cls: its store moves with our units, and a context that only it has opened is one. */
export function registerClsStore(): void {
  const cls = ClsServiceManager.getClsService();
  registerForeignContext<Store>({
    name: 'nestjs-cls',
    capture: () => cls.get() as Store | undefined,
    run: (store, fn) => (store === undefined ? withoutStore(fn) : cls.runWith(store, fn)),
    fork: (store, unit) => forkStore(store, unit),
    release: (store) => store && clear(store),
    adopt: (open) => {
      const store = cls.get() as Store | undefined;
      if (store === undefined) return undefined;
      store[CLS_UNIT] ??= open(store[CLS_ID]);
      return store[CLS_UNIT];
    },
  });
  function withoutStore<R>(fn: () => R): R {
    return cls.isActive() ? outsideForeign((inner) => cls.exit(inner), fn) : fn();
  }
}

/** Fills the store of the unit of work that has just been opened for `request`, as nestjs-cls's middleware does. */
export function fillClsStore(request: IncomingMessage, response: ServerResponse): void {
  const store = ClsServiceManager.getClsService().get() as Store;
  store[CLS_REQ] = request;
  store[CLS_RES] = response;
}

/**
 * Shows the store of `unit` to nestjs-cls's own guard and interceptor, which look for one before they open another. Not
 * where they cannot be: a WeakMap with an entry for each request costs the garbage collector much.
 */
export function shareClsStore(unit: Unit, request: object): void {
  ContextClsStoreMap.setByRaw(request, ClsServiceManager.getClsService().get());
  // Its own middleware, beside ours, opens a copy and notes it there.
  unit.onRelease(() => clear(ContextClsStoreMap.getByRaw(request) as Store));
}

/** Whether nestjs-cls's own guard or interceptor may be at work in this process, with one more application. */
export function hasClsEnhancers(modules: ModulesContainer, config: ApplicationConfig): boolean {
  hasOthers ||=
    [...modules.values()].some(({ metatype }) => metatype === ClsModule) ||
    config.getGlobalGuards().some((guard) => guard instanceof ClsGuard) ||
    config.getGlobalInterceptors().some((interceptor) => interceptor instanceof ClsInterceptor);
  return hasOthers;
}

/** The string keys (shallow) and the id, and none of the symbol keys: neither the open transaction nor the request. */
function forkStore(parent: Store | undefined, unit: UnitOfWork): Store {
  const store: Store = parent === undefined ? ({} as Store) : withoutSymbols(parent);
  // The id of a request that came in with a message or a job is the one that RequestContext gives.
  store[CLS_ID] =
    parent?.[CLS_ID] ?? ((unit as Unit).cell.read(requestId.index) as string | undefined) ?? unit.id;
  store[CLS_UNIT] = unit;
  return store;
}

function withoutSymbols(store: Store): Store {
  return Object.fromEntries(Object.entries(store)) as unknown as Store;
}

/** Whoever holds the context of an ended unit holds its store: not the request and the instances with it. */
function clear(store: Store): void {
  // Not deleted: that turns the store into a dictionary first, which takes microseconds.
  const { [CLS_REQ]: request } = store;
  if (!hasOthers && request !== undefined && HttpExchange.of(request) !== undefined) {
    store[CLS_REQ] = undefined;
    store[CLS_RES] = undefined;
    return;
  }
  const held = store as unknown as Record<symbol, unknown>;
  for (const key of Object.getOwnPropertySymbols(held))
    if (key !== CLS_ID && key !== CLS_UNIT) held[key] = undefined;
}
