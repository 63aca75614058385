// The entries "./core" and "./testing" where nothing else is installed: no Nest, no rxjs, no reflect-metadata, no tsyringe.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as esm from 'nestjs-contextvars/core';
import { assertNothingLeft, runInTestUnit } from 'nestjs-contextvars/testing';

const require = createRequire(import.meta.url);
const cjs = require('nestjs-contextvars/core');

for (const peer of ['reflect-metadata', 'tsyringe', '@nestjs/common', 'rxjs', 'nestjs-cls']) {
  assert.throws(() => require(peer), { code: 'MODULE_NOT_FOUND' });
}
assert.equal(Reflect.getMetadata, undefined);
assert.equal(esm.ContextVar, cjs.ContextVar);
// What is missing is named.
await assert.rejects(
  import('nestjs-contextvars/container'),
  /Cannot find package '(reflect-metadata|tsyringe)'/,
);

const user = new esm.ContextVar('user');
assert.equal(
  user.run('ada', () => user.get()),
  'ada',
);
assert.equal(
  await assertNothingLeft(() => runInTestUnit({ bindings: [user.as('bob')] }, () => user.get())),
  'bob',
);
