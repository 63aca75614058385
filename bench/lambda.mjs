// Claim guarded here: `withLambdaContext` adds less than 5 µs to an invocation, against a bare handler, and the process
// is the same for all: batches of each variant in turn, so that what else runs on the machine slows down all of them.
//
// The claim is held against the fastest batch, as in run.mjs. `--rounds N` for more or fewer than 60.

import { AsyncLocalStorage } from 'node:async_hooks';
import { parseArgs } from 'node:util';
import { lambdaInvocation, withLambdaContext } from 'nestjs-contextvars/lambda';
import { median } from './median.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '60' } } });
const rounds = Number(values.rounds);
const CALLS = 5_000;
const LIMIT_US = 5;

// An HTTP event of API Gateway v2, with the headers that a browser sends through it.
const event = {
  version: '2.0',
  routeKey: 'GET /orders',
  rawPath: '/orders',
  headers: {
    accept: 'application/json',
    'accept-encoding': 'gzip, deflate, br',
    'accept-language': 'en',
    'cache-control': 'no-cache',
    host: 'api.example.com',
    'user-agent': 'Mozilla/5.0',
    'x-amzn-trace-id': 'Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e',
    'x-correlation-id': 'c-0123456789',
    'x-forwarded-for': '205.255.255.176',
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
  },
  requestContext: { requestId: 'JKJaXmPLvHcESHA=', stage: '$default' },
  isBase64Encoded: false,
};
const deadline = Date.now() + 900_000;
const context = {
  awsRequestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
  functionName: 'orders',
  functionVersion: '$LATEST',
  getRemainingTimeInMillis: () => deadline - Date.now(),
};
const callback = () => {};

const handler = async () => ({ statusCode: 200 });
const als = new AsyncLocalStorage();
const wrapped = withLambdaContext(handler);
const reading = withLambdaContext(async () => ({ statusCode: 200, id: lambdaInvocation().requestId }));
const hooked = withLambdaContext(handler, { onEnd: async () => {} });

const variants = {
  'bare handler': () => handler(event, context, callback),
  'als.run': () => als.run({ id: context.awsRequestId }, () => handler(event, context, callback)),
  withLambdaContext: () => wrapped(event, context, callback),
  '  and its context read': () => reading(event, context, callback),
  '  and an asynchronous onEnd': () => hooked(event, context, callback),
};

const samples = new Map(Object.keys(variants).map((name) => [name, []]));
for (let round = -5; round < rounds; round++) {
  const names = Object.keys(variants);
  for (const name of round % 2 === 0 ? names : names.reverse()) {
    const call = variants[name];
    const start = process.hrtime.bigint();
    for (let i = 0; i < CALLS; i++) await call();
    const us = Number(process.hrtime.bigint() - start) / 1_000 / CALLS;
    // The first rounds are for the compiler.
    if (round >= 0) samples.get(name).push(us);
  }
}

const fastest = (name) => Math.min(...samples.get(name));
console.log(
  `node ${process.version} ${process.execArgv.join(' ')}, ${rounds} rounds of ${CALLS} invocations\n`,
);
console.table(
  Object.fromEntries(
    Object.keys(variants).map((name) => [
      name,
      {
        'fastest µs': fastest(name).toFixed(2),
        'median µs': median(samples.get(name)).toFixed(2),
        'over the bare handler µs': (fastest(name) - fastest('bare handler')).toFixed(2),
        'times als.run': (fastest(name) / fastest('als.run')).toFixed(1),
      },
    ]),
  ),
);
const added = fastest('withLambdaContext') - fastest('bare handler');
const holds = added < LIMIT_US;
console.log(
  `withLambdaContext adds ${added.toFixed(2)} µs (claimed: < ${LIMIT_US} µs): ${holds ? 'holds' : 'DOES NOT HOLD'}`,
);
process.exitCode = holds ? 0 : 1;
