// The entries that need no other package, where nothing else is installed: no Nest, no rxjs, no reflect-metadata, no tsyringe,
// no BullMQ, no piscina.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { contextTelemetry } from 'nestjs-contextvars/bullmq';
import * as esm from 'nestjs-contextvars/core';
import { lambdaInvocation, withLambdaContext } from 'nestjs-contextvars/lambda';
import { contextMixin } from 'nestjs-contextvars/pino';
import { assertNothingLeft, runInTestUnit } from 'nestjs-contextvars/testing';
import { withWorkerContext } from 'nestjs-contextvars/worker';

const require = createRequire(import.meta.url);
const cjs = require('nestjs-contextvars/core');

for (const peer of ['reflect-metadata', 'tsyringe', '@nestjs/common', 'rxjs', 'nestjs-cls']) {
  assert.throws(() => require(peer), { code: 'MODULE_NOT_FOUND' });
}
for (const peer of ['bullmq', 'piscina', 'pino', '@nestjs/microservices', '@opentelemetry/core']) {
  assert.throws(() => require(peer), { code: 'MODULE_NOT_FOUND' });
}
assert.equal(Reflect.getMetadata, undefined);
assert.equal(esm.ContextVar, cjs.ContextVar);
// What is missing is named.
await assert.rejects(
  import('nestjs-contextvars/container'),
  /Cannot find package '(reflect-metadata|tsyringe)'/,
);
await assert.rejects(import('nestjs-contextvars/http'), /Cannot find package '@opentelemetry\/(api|core)'/);
await assert.rejects(import('nestjs-contextvars/opentelemetry'), /Cannot find package '@opentelemetry\/api'/);
await assert.rejects(
  import('nestjs-contextvars/microservices'),
  /Cannot find package '@nestjs\/microservices'/,
);

await assert.rejects(import('nestjs-contextvars/inspector'), /Cannot find package '@nestjs\/(common|core)'/);

const user = new esm.ContextVar('user');
assert.equal(
  user.run('ada', () => user.get()),
  'ada',
);
const order = new esm.ContextVar('order', { log: 'orderId' });
assert.equal(
  order.run(7, () => contextMixin()({}, 30, {}).orderId),
  7,
);
assert.equal(
  await assertNothingLeft(() => runInTestUnit({ bindings: [user.as('bob')] }, () => user.get())),
  'bob',
);

const handler = withLambdaContext(async () => lambdaInvocation().requestId);
const invocation = { awsRequestId: 'r-1', functionName: 'f', getRemainingTimeInMillis: () => 1000 };
assert.equal(await handler({}, invocation), 'r-1');
assert.equal(typeof contextTelemetry().tracer.startSpan, 'function');
assert.equal(await withWorkerContext(() => user.get('nobody'))({}), 'nobody');
