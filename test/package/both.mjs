// Both builds in one process: one state and one set of classes, whichever was loaded first.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const load = {
  esm: async () => [
    await import('nestjs-contextvars'),
    await import('nestjs-contextvars/core'),
    await import('nestjs-contextvars/container'),
  ],
  cjs: async () => [
    require('nestjs-contextvars'),
    require('nestjs-contextvars/core'),
    require('nestjs-contextvars/container'),
  ],
};
const order = process.argv[2] === 'cjs-first' ? ['cjs', 'esm'] : ['esm', 'cjs'];
const loaded = {};
for (const format of order) loaded[format] = await load[format]();
const [[esmEntry, esm, esmContainer], [cjsEntry, cjs, cjsContainer]] = [loaded.esm, loaded.cjs];

// They are two copies on disk.
assert.notEqual(
  import.meta.resolve('nestjs-contextvars/core'),
  `file://${require.resolve('nestjs-contextvars/core')}`,
);

const namesOf = (module) =>
  Object.keys(module).filter((name) => name !== 'default' && name !== 'module.exports');
const names = namesOf(esm);
assert.ok(names.includes('ContextVar'));
for (const name of names) {
  assert.equal(esm[name], cjs[name], `${name} is the same in both builds`);
  if (name in esmEntry) assert.equal(esmEntry[name], esm[name], `${name} is the same in both entries`);
  if (name in cjsEntry) assert.equal(cjsEntry[name], esm[name], `${name} is the same in both entries`);
}

assert.ok(namesOf(esmContainer).includes('loadScoped'));
for (const name of namesOf(esmContainer)) {
  assert.equal(esmContainer[name], cjsContainer[name], `${name} is the same in both builds`);
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

class InEsm {
  calls = 0;
  call() {
    this.calls += 1;
    return this.calls;
  }
}
class InCjs extends InEsm {}
esmContainer.ContextScoped()(InEsm);
cjsContainer.ContextScoped()(InCjs);
// Node.js has one build of tsyringe; it wants the reflect polyfill, which our entry has loaded.
const { container } = require('tsyringe');
for (const type of [InEsm, InCjs]) {
  const standIn = container.resolve(type);
  const calls = [1, 2].map(() =>
    new cjs.Context().run(() => [standIn.call(), container.resolve(type).call()]),
  );
  assert.deepEqual(calls, [
    [1, 2],
    [1, 2],
  ]);
}
