import { join } from 'node:path';
import { runUnitOfWork } from 'nestjs-contextvars/core';
import { registerOpenTelemetry, withSpan } from 'nestjs-contextvars/opentelemetry';
import { runInWorker } from 'nestjs-contextvars/worker';
import { poolOf } from '../worker/support/pools.js';
import { type SeenSpan, seen, spans, tree, useSdk } from './support/tracing.js';

useSdk();
beforeAll(() => registerOpenTelemetry());

const filename = join(__dirname, 'support/traced.worker.mjs');

type Traced = { name: string };

test('spans in a thread are children of the span that called it, of the right one', async () => {
  const pool = poolOf({ filename, minThreads: 2, maxThreads: 2 });
  const call = (name: string) => runInWorker<Traced, SeenSpan[]>(pool, { name });
  const request = (name: string) =>
    runUnitOfWork({ kind: 'request' }, () =>
      withSpan(name, () => Promise.all([call(`${name}1`), withSpan(`${name} in`, () => call(`${name}2`))])),
    );
  const exported = [
    ...(await Promise.all([request('a'), request('b')])).flat(2),
    ...(await withSpan('script', () => call('s'))),
  ];

  const part = (name: string) => [`  ${name} in the thread`, `    ${name} task in the thread`];
  // What a thread exports comes with whichever answer is next, in the order in which it has ended.
  expect([...tree([...spans().map(seen), ...exported])].sort()).toEqual(
    [
      ...['a', 'b'].flatMap((c) => [
        c,
        ...part(`${c}1`),
        `  ${c} in`,
        ...part(`${c}2`).map((line) => `  ${line}`),
      ]),
      'script',
      ...part('s'),
    ].sort(),
  );
}, 60_000);

test('a call outside any span, and one that does not come from us, have none', async () => {
  const pool = poolOf({ filename });
  await expect(runInWorker(pool, {}, { name: 'plain' })).resolves.toBe('none');
  await expect(withSpan('caller', () => pool.run({}, { name: 'plain' }))).resolves.toBe('none');
}, 60_000);
