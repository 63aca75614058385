import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { runInWorker } from '../../../src/integrations/worker/index.js';
import { tenant } from './support/caller-variables.js';
import { file } from './support/pools.js';

const run = promisify(execFile);

test.each([
  ['a path', file('worker.cjs')],
  ['a URL', pathToFileURL(file('worker.cjs'))],
  ['a URL as text', pathToFileURL(file('worker.cjs')).href],
  ['a path of an ES module', file('worker.mjs')],
])('a file is enough: %s', async (_what, worker) => {
  const call = () => tenant.run('acme', () => runInWorker(worker, 1));
  await expect(call()).resolves.toMatchObject({ payload: 1, tenant: 'acme' });
});

test('the threads are made outside any context', async () => {
  const script = `
    import { currentUnit, runUnitOfWork } from 'nestjs-contextvars/core';
    import { runInWorker } from 'nestjs-contextvars/worker';
    // a listener of a Worker runs in the context that the Worker was made in
    process.once('worker', (thread) => thread.once('exit', () => console.log(currentUnit()?.kind)));
    await runUnitOfWork({ kind: 'caller' }, () =>
      runInWorker(${JSON.stringify(file('worker.cjs'))}, 1, { name: 'exit' }).catch(({ code }) => console.log(code)),
    );
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: __dirname,
  });
  expect(stdout.split('\n').sort()).toEqual(['', 'ERR_WORKER_DIED', 'undefined']);
});

test('a thread that dies rejects its call, and the next call works', async () => {
  const calls = [
    runInWorker(file('worker.cjs'), 3, { name: 'exit' }),
    ...Array.from({ length: 10 }, (_, i) => runInWorker(file('worker.cjs'), i)),
  ];
  const [first, ...others] = await Promise.allSettled(calls);
  expect(first).toMatchObject({ reason: { code: 'ERR_WORKER_DIED' } });
  expect(others.map(({ status }) => status)).toEqual(new Array(10).fill('fulfilled'));
});

test('a file that cannot be loaded rejects the calls for it, and no others', async () => {
  await expect(runInWorker(file('broken.cjs'), 1)).rejects.toThrow('this file cannot be loaded');
  await expect(runInWorker(file('worker.cjs'), 1)).resolves.toMatchObject({ payload: 1 });
});

test('the process ends when there is nothing left to do, and not before its calls have settled', async () => {
  const script = `
    import { runInWorker } from 'nestjs-contextvars/worker';
    runInWorker(${JSON.stringify(file('worker.cjs'))}, 50, { name: 'sleeping' }).then(() => console.log('answered'));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: __dirname,
  });
  expect(stdout).toBe('answered\n');
});

test('in CommonJS it is the same pool as in ESM', async () => {
  const script = `
    const worker = ${JSON.stringify(file('worker.cjs'))};
    (async () => {
      const esm = await import('nestjs-contextvars/worker');
      const cjs = require('nestjs-contextvars/worker');
      console.log(esm.runInWorker === cjs.runInWorker);
      const threads = [await cjs.runInWorker(worker, 0, { name: 'thread' }), await esm.runInWorker(worker, 0, { name: 'thread' })];
      console.log(threads[0] === threads[1]);
    })();
  `;
  const { stdout } = await run(process.execPath, ['--input-type=commonjs', '--eval', script], {
    cwd: __dirname,
  });
  expect(stdout).toBe('false\ntrue\n');
});

test('without the package piscina a call with a file says so', async () => {
  jest.resetModules();
  jest.doMock('piscina', () => {
    throw new Error('Cannot find module piscina');
  });
  const fresh = await import('../../../src/integrations/worker/index.js');
  (globalThis as any)[Symbol.for('nestjs-contextvars.v1')]?.['default worker pools']?.clear();
  await expect(fresh.runInWorker(file('worker.cjs'), 1)).rejects.toThrow(
    "the package 'piscina' cannot be loaded; install it.",
  );
  jest.dontMock('piscina');
});
