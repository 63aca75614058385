// The built package, imported by its name as an ESM application does.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as entry from 'nestjs-contextvars';
import * as container from 'nestjs-contextvars/container';
import * as core from 'nestjs-contextvars/core';
import * as testing from 'nestjs-contextvars/testing';
import { container as tsyringe } from 'tsyringe';

assert.match(import.meta.resolve('nestjs-contextvars'), /\/dist\/esm\/index\.js$/);
assert.match(import.meta.resolve('nestjs-contextvars/core'), /\/dist\/esm\/core\/index\.js$/);
assert.match(import.meta.resolve('nestjs-contextvars/container'), /\/dist\/esm\/container\/index\.js$/);
assert.match(import.meta.resolve('nestjs-contextvars/testing'), /\/dist\/esm\/testing\/index\.js$/);
assert.equal(entry.ContextVar, core.ContextVar);

const user = new entry.ContextVar('user');
const role = new entry.ScopedValue('role');
const seen = new core.Context().run(() => {
  user.set('ada');
  return [user.get(), role.run('admin', () => role.get()), core.copyContext().get(user)];
});
assert.deepEqual(seen, ['ada', 'admin', 'ada']);

assert.equal(
  testing.runInTestUnit({ bindings: [user.as('bob')] }, () => user.get()),
  'bob',
);

class Cart {
  items = [];
}
container.ContextScoped()(Cart);
const cart = tsyringe.resolve(Cart);
const counts = [1, 2].map(() => new core.Context().run(() => cart.items.push('pen')));
assert.deepEqual(counts, [1, 1]);

for (const name of [
  'bullmq',
  'http',
  'inspector',
  'lambda',
  'microservices',
  'opentelemetry',
  'pino',
  'worker',
]) {
  const path = new RegExp(`/dist/esm/integrations/${name}/index\\.js$`);
  assert.match(import.meta.resolve(`nestjs-contextvars/${name}`), path);
  assert.notEqual(Object.keys(await import(`nestjs-contextvars/${name}`)).length, 0);
}

// What the inspector serves lies beside it.
for (const name of ['page.html', 'page.js', 'page.css'])
  assert.ok(existsSync(new URL(`page/${name}`, import.meta.resolve('nestjs-contextvars/inspector'))), name);
