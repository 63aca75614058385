// What the promises of the library for a request cannot do without, and nothing else: one `als.run` around the server's `request`
// event, the store of nestjs-cls opened beside it, the listeners of request and response run inside, a UUID, and a header.

import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

/** Gives what has to be done to an application before it listens. */
export async function openFloor(tenantOf) {
  const { ClsServiceManager } = await import('nestjs-cls');
  const cls = ClsServiceManager.getClsService();
  const als = new AsyncLocalStorage();

  /** Has the listeners of `emitter` run in `store`, as cheaply as that can be done. */
  function listenInside(emitter, store, clsStore) {
    const { emit } = emitter;
    emitter.emit = function (...args) {
      if (this.listenerCount(args[0]) === 0 || als.getStore() === store) return emit.apply(this, args);
      return cls.runWith(clsStore, () => als.run(store, () => emit.apply(this, args)));
    };
  }

  return (app) => {
    const server = app.getHttpServer();
    const { emit } = server;
    server.emit = function (...args) {
      const [event, request, response] = args;
      if (event !== 'request') return emit.apply(this, args);
      const id = randomUUID();
      const store = { id, tenant: tenantOf(request) };
      const clsStore = {};
      return cls.runWith(clsStore, () =>
        als.run(store, () => {
          response.setHeader('x-request-id', id);
          listenInside(request, store, clsStore);
          listenInside(response, store, clsStore);
          return emit.apply(this, args);
        }),
      );
    };
  };
}
