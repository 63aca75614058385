// The built package, required by its name as a CommonJS application does.
const assert = require('node:assert/strict');
const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');
const entry = require('nestjs-contextvars');
const container = require('nestjs-contextvars/container');
const core = require('nestjs-contextvars/core');
const testing = require('nestjs-contextvars/testing');
const { container: tsyringe } = require('tsyringe');

assert.match(require.resolve('nestjs-contextvars'), /[\\/]dist[\\/]cjs[\\/]index\.js$/);
assert.match(require.resolve('nestjs-contextvars/core'), /[\\/]dist[\\/]cjs[\\/]core[\\/]index\.js$/);
assert.match(
  require.resolve('nestjs-contextvars/container'),
  /[\\/]dist[\\/]cjs[\\/]container[\\/]index\.js$/,
);
assert.match(require.resolve('nestjs-contextvars/testing'), /[\\/]dist[\\/]cjs[\\/]testing[\\/]index\.js$/);
assert.equal(entry.ContextVar, core.ContextVar);
assert.match(require('nestjs-contextvars/package.json').version, /^\d+\.\d+\.\d+/);

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
  const path = new RegExp(`dist[\\\\/]cjs[\\\\/]integrations[\\\\/]${name}[\\\\/]index\\.js$`);
  assert.match(require.resolve(`nestjs-contextvars/${name}`), path);
  assert.notEqual(Object.keys(require(`nestjs-contextvars/${name}`)).length, 0);
}

// What the inspector serves lies beside it.
for (const name of ['page.html', 'page.js', 'page.css'])
  assert.ok(existsSync(join(dirname(require.resolve('nestjs-contextvars/inspector')), 'page', name)), name);
