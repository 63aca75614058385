// The built package, required by its name as a CommonJS application does.
const assert = require('node:assert/strict');
const entry = require('nestjs-contextvars');
const core = require('nestjs-contextvars/core');

assert.match(require.resolve('nestjs-contextvars'), /[\\/]dist[\\/]cjs[\\/]index\.js$/);
assert.match(require.resolve('nestjs-contextvars/core'), /[\\/]dist[\\/]cjs[\\/]core[\\/]index\.js$/);
assert.equal(entry.ContextVar, core.ContextVar);
assert.match(require('nestjs-contextvars/package.json').version, /^\d+\.\d+\.\d+/);

const user = new entry.ContextVar('user');
const role = new entry.ScopedValue('role');
const seen = new core.Context().run(() => {
  user.set('ada');
  return [user.get(), role.run('admin', () => role.get()), core.copyContext().get(user)];
});
assert.deepEqual(seen, ['ada', 'admin', 'ada']);
