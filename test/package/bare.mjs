// The entry "./container" in a script with tsyringe and no Nest, as in a Lambda function.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { ContextScoped, contextScopedFactory, loadScoped } from 'nestjs-contextvars/container';
import { Context, ContextVar } from 'nestjs-contextvars/core';
import { container, inject, singleton } from 'tsyringe';

const require = createRequire(import.meta.url);
for (const peer of ['@nestjs/common', '@nestjs/core', 'rxjs', 'nestjs-cls']) {
  assert.throws(() => require(peer), { code: 'MODULE_NOT_FOUND' });
}

const tenant = new ContextVar('tenant');
const disposed = [];

class Orders {
  constructor(connection) {
    this.connection = connection;
    this.tenant = tenant.get();
    this.placed = 0;
  }
  place() {
    this.placed += 1;
    return `${this.tenant}: ${this.placed} by ${this.connection.url}`;
  }
  [Symbol.dispose]() {
    disposed.push(this.tenant);
  }
}
inject('Connection')(Orders, undefined, 0);
ContextScoped()(Orders);

class Service {
  constructor(orders) {
    this.orders = orders;
  }
}
inject(Orders)(Service, undefined, 0);
singleton()(Service);

container.register('Connection', {
  useFactory: contextScopedFactory(async () => ({ url: `db://${tenant.get()}` }), { name: 'Connection' }),
});
const service = container.resolve(Service);

const handler = (event) =>
  new Context().run(async () => {
    tenant.set(event.tenant);
    await loadScoped('Connection');
    const first = service.orders.place();
    await new Promise(setImmediate);
    return [first, service.orders.place()];
  });

assert.deepEqual(await Promise.all(['a', 'b'].map((name) => handler({ tenant: name }))), [
  ['a: 1 by db://a', 'a: 2 by db://a'],
  ['b: 1 by db://b', 'b: 2 by db://b'],
]);
assert.deepEqual(disposed, ['a', 'b']);
assert.throws(() => service.orders.place(), { code: 'ERR_NO_ACTIVE_CONTEXT' });
