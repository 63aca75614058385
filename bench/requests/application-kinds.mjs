// How a repository is declared in each kind of application, and what the application imports for it. Loaded only where it is used:
// nestjs-cls turns on its AsyncLocalStorage when it is loaded.

import { randomUUID } from 'node:crypto';
import { Injectable, Scope } from '@nestjs/common';
import { openFloor } from './open-floor.mjs';

const singletons = { decorate: Injectable(), imports: () => [], provide: (types) => types };

const TENANT = 'x-tenant';
const tenantOf = (request) => request.headers[TENANT] ?? 'acme';

async function own(options) {
  const { ContextModule, ContextScoped, ContextVar, scopedProvider } = await import('nestjs-contextvars');
  const tenant = new ContextVar('tenant');
  const setup = (context, request) => void context.set(tenant, tenantOf(request));
  return {
    decorate: ContextScoped(),
    imports: () => [ContextModule.forRoot({ setup, ...options })],
    provide: (types) => types.map(scopedProvider),
    instances: 'of a request',
  };
}

async function inspected() {
  const { InspectorModule } = await import('nestjs-contextvars/inspector');
  const { imports, ...rest } = await own({});
  const inspector = InspectorModule.forRoot({ enabled: true, allowInProduction: true });
  return { ...rest, imports: () => [...imports(), inspector] };
}

/** Its middleware, with what ours does too: an id, a header with it, and one value. */
async function clsModule() {
  const { ClsModule } = await import('nestjs-cls');
  return ClsModule.forRoot({
    global: true,
    middleware: {
      mount: true,
      generateId: true,
      idGenerator: () => randomUUID(),
      setup: (cls, request, response) => {
        cls.set('tenant', tenantOf(request));
        response.setHeader('x-request-id', cls.getId());
      },
    },
  });
}

export const kinds = {
  bare: () => singletons,
  floor: async () => ({ ...singletons, prepare: await openFloor(tenantOf) }),
  interceptor: () => ({
    ...singletons,
    prepare: (app) => app.useGlobalInterceptors({ intercept: (_context, next) => next.handle() }),
  }),
  'nestjs-contextvars': () => own({}),
  'without-answer': () => own({ respondWithIds: false }),
  'with-onEnd': () => own({ onEnd: () => {} }),
  'with-inspector': inspected,
  'nestjs-cls': async () => {
    const [module, { ClsModule, InjectableProxy }] = [await clsModule(), await import('nestjs-cls')];
    return {
      decorate: InjectableProxy(),
      imports: (types) => (types.length === 0 ? [module] : [module, ClsModule.forFeature(...types)]),
      provide: () => [],
      instances: 'of a request',
    };
  },
  'scope-request': () => ({
    decorate: Injectable({ scope: Scope.REQUEST }),
    imports: () => [],
    provide: (types) => types,
    instances: 'of a request',
  }),
  durable: async () => {
    const { ContextIdFactory } = await import('@nestjs/core');
    const trees = new Map();
    // As in Nest's documentation: the instances of a tenant serve all of its requests.
    ContextIdFactory.apply({
      attach(contextId, request) {
        const tenant = tenantOf(request);
        const tree = trees.get(tenant) ?? ContextIdFactory.create();
        trees.set(tenant, tree);
        return {
          resolve: (info) => (info.isTreeDurable ? tree : contextId),
          payload: { tenant },
        };
      },
    });
    return {
      decorate: Injectable({ scope: Scope.REQUEST, durable: true }),
      imports: () => [],
      provide: (types) => types,
      instances: 'of a tenant',
    };
  },
};
