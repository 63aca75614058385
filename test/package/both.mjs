// Both builds in one process: one state and one set of classes, whichever was loaded first.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const load = {
  esm: async () => [await import('nestjs-contextvars'), await import('nestjs-contextvars/core')],
  cjs: async () => [require('nestjs-contextvars'), require('nestjs-contextvars/core')],
};
const order = process.argv[2] === 'cjs-first' ? ['cjs', 'esm'] : ['esm', 'cjs'];
const loaded = {};
for (const format of order) loaded[format] = await load[format]();
const [[esmEntry, esm], [cjsEntry, cjs]] = [loaded.esm, loaded.cjs];

// They are two copies on disk.
assert.notEqual(
  import.meta.resolve('nestjs-contextvars/core'),
  `file://${require.resolve('nestjs-contextvars/core')}`,
);

const names = Object.keys(esm).filter((name) => name !== 'default' && name !== 'module.exports');
assert.ok(names.includes('ContextVar'));
for (const name of names) {
  assert.equal(esm[name], cjs[name], `${name} is the same in both builds`);
  if (name in esmEntry) assert.equal(esmEntry[name], esm[name], `${name} is the same in both entries`);
  if (name in cjsEntry) assert.equal(cjsEntry[name], esm[name], `${name} is the same in both entries`);
}

const user = new esm.ContextVar('user');
const role = new cjs.ScopedValue('role');
const context = new esm.Context();
assert.ok(user instanceof cjs.ContextVar);
assert.ok(context instanceof cjs.Context);

context.run(() => {
  user.set('ada');
  assert.equal(cjs.copyContext().get(user), 'ada', 'set in ESM, read in CommonJS');
  role.run('admin', () => assert.equal(role.get(), 'admin'));
});
new cjs.Context().run(() => {
  user.set('bob');
  assert.equal(esm.copyContext().get(user), 'bob', 'set in CommonJS, read in ESM');
});
assert.equal(context.get(user), 'ada');
