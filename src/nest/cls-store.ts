import type { IncomingMessage, ServerResponse } from 'node:http';
import { CLS_ID, CLS_REQ, CLS_RES, ClsServiceManager, type ClsStore, ContextClsStoreMap } from 'nestjs-cls';
import { registerForeignContext, type UnitOfWork } from '../core/index.js';
import { outsideForeign, type Unit } from '../core/internal.js';

/** The one symbol under which a CLS store holds the unit of work that lives in it. */
export const CLS_UNIT: unique symbol = Symbol.for('nestjs-contextvars.unit');

type Store = ClsStore & { [CLS_UNIT]?: UnitOfWork; [CLS_ID]?: string };

/** The seam to nestjs-cls: its store moves with our units, and a context that only it has opened is one. */
export function registerClsStore(): void {
  const cls = ClsServiceManager.getClsService();
  registerForeignContext<Store>({
    name: 'nestjs-cls',
    capture: () => cls.get() as Store | undefined,
    run: (store, fn) => (store === undefined ? withoutStore(fn) : cls.runWith(store, fn)),
    fork: (store, unit) => forkStore(store, unit as Unit),
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
export function fillClsStore(unit: Unit, request: IncomingMessage, response: ServerResponse): void {
  const cls = ClsServiceManager.getClsService();
  cls.set(CLS_REQ, request);
  cls.set(CLS_RES, response);
  // Where nestjs-cls's own guard and interceptor look for a store before they open one.
  ContextClsStoreMap.setByRaw(request, cls.get());
  // Its own middleware, beside ours, opens a copy and notes it there.
  unit.onRelease(() => clear(ContextClsStoreMap.getByRaw(request) as Store));
}

/** The string keys (shallow) and the id, and none of the symbol keys: neither the open transaction nor the request. */
function forkStore(parent: Store | undefined, unit: Unit): Store {
  const store = { ...parent } as Record<PropertyKey, unknown>;
  for (const key of Object.getOwnPropertySymbols(store)) delete store[key];
  store[CLS_ID] = parent?.[CLS_ID] ?? unit.id;
  store[CLS_UNIT] = unit;
  unit.onRelease(() => clear(store));
  return store as Store;
}

/** Whoever holds the context of an ended unit holds its store: not the request and the instances with it. */
function clear(held: object): void {
  const store = held as Record<PropertyKey, unknown>;
  for (const key of Object.getOwnPropertySymbols(store)) if (key !== CLS_ID) delete store[key];
}
