// Compile-time tests of the entry "./worker": nothing here runs; see core.types.ts.

import { ContextVar, codecs, ScopedValue } from 'nestjs-contextvars/core';
import {
  type RunInWorkerOptions,
  runInWorker,
  type WorkerPool,
  withWorkerContext,
} from 'nestjs-contextvars/worker';
import { Piscina } from 'piscina';

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles only where `T` is exactly the type of `value`. */
declare function same<T>(): <V>(value: V, ...equal: Equal<T, V> extends true ? [] : [never]) => void;

interface Order {
  readonly amount: number;
}

const tenant = new ContextVar<string>('tenant', { codec: codecs.string });
const role = new ScopedValue<string>('role');
const url = new URL('file:///app/total.worker.js');
declare const order: Order;

// --- withWorkerContext: takes what the function takes, and gives a promise of what it gives

const sync = withWorkerContext((one: Order) => one.amount);
same<(payload: Order) => Promise<number>>()(sync);
const later = withWorkerContext(async (one: Order) => `${one.amount}`);
same<(payload: Order) => Promise<string>>()(later);
// @ts-expect-error a function takes one payload
withWorkerContext((one: Order, two: Order) => [one, two]);

// --- runInWorker with a pool: the types of the pool

declare const typed: Piscina<Order, string>;
same<Promise<string>>()(runInWorker(typed, order));
// @ts-expect-error the payload is not what the pool takes
runInWorker(typed, { amount: '3' });
declare const untyped: Piscina;
runInWorker(untyped, order).then((answer) => answer.anything);
declare const structural: WorkerPool<Order, number>;
same<Promise<number>>()(runInWorker(structural, order));
export const other: WorkerPool<Order, string> = typed;

// --- runInWorker with a file: the type of its function, or else unknown

same<Promise<number>>()(runInWorker<typeof sync>(url, order));
same<Promise<string>>()(runInWorker<typeof later>('/app/total.worker.js', order));
same<Promise<unknown>>()(runInWorker(url, order));
// @ts-expect-error the payload is not what the function takes
runInWorker<typeof sync>(url, 3);

// --- options

const signal = AbortSignal.timeout(5);
const buffer = new ArrayBuffer(8);
runInWorker(typed, order, {
  name: 'total',
  signal,
  required: [tenant],
  transferList: [buffer],
  filename: url,
});
runInWorker(typed, order, { signal: null });
// @ts-expect-error a ScopedValue never leaves the process
runInWorker(typed, order, { required: [role] });
// @ts-expect-error there is no such option
runInWorker(typed, order, { timeout: 5 });
export const options: RunInWorkerOptions = {};
