import { EventEmitter } from 'node:events';
import { stat } from 'node:fs';
import { macrotask, type Readings } from './readings.js';

/** Work that a call starts and leaves running: reads again and again, until it is stopped. */
export interface LeftRunning {
  readonly title: string;
  start(readings: Readings): void;
  /** It reads between two microtasks, where the scope may have ended a moment before anybody can know. */
  readonly betweenMicrotasks?: true;
}

function again(readings: Readings, schedule: (callback: () => void) => void): void {
  schedule(() => {
    readings.read();
    if (!readings.stopped) again(readings, schedule);
  });
}

function burst(readings: Readings, left: number): void {
  queueMicrotask(() => {
    readings.read();
    if (left > 0) burst(readings, left - 1);
    else if (!readings.stopped) setImmediate(burst, readings, 30);
  });
}

async function* ticks(readings: Readings): AsyncGenerator<number> {
  for (let i = 0; !readings.stopped; i++) {
    await macrotask();
    readings.read();
    yield i;
  }
}

export const leftRunning: LeftRunning[] = [
  {
    title: 'a promise that nobody awaits',
    start: async (readings) => {
      while (!readings.stopped) {
        readings.read();
        await macrotask();
      }
    },
  },
  {
    title: 'a promise callback',
    start: (readings) => again(readings, (callback) => void macrotask().then(callback)),
  },
  { title: 'a timer', start: (readings) => again(readings, (callback) => void setTimeout(callback, 1)) },
  {
    title: 'an interval',
    start: (readings) => {
      const interval = setInterval(() => {
        readings.read();
        if (readings.stopped) clearInterval(interval);
      }, 1);
    },
  },
  { title: 'an immediate', start: (readings) => again(readings, (callback) => void setImmediate(callback)) },
  { title: 'a microtask', betweenMicrotasks: true, start: (readings) => burst(readings, 30) },
  {
    title: 'a process.nextTick callback',
    start: (readings) =>
      again(readings, (callback) => {
        setImmediate(() => process.nextTick(callback));
      }),
  },
  {
    title: 'a callback of the file system',
    start: (readings) => again(readings, (callback) => stat('.', callback)),
  },
  {
    title: 'an emitter that it feeds itself',
    start: (readings) => {
      const emitter = new EventEmitter().on('event', readings.read);
      const interval = setInterval(() => {
        emitter.emit('event');
        if (readings.stopped) clearInterval(interval);
      }, 1);
    },
  },
  {
    title: 'a generator that it iterates itself',
    start: async (readings) => {
      for await (const _ of ticks(readings));
    },
  },
];
