// Listeners: of emitters, of targets, of signals, of diagnostics channels, of tasks. What a listener of an EventTarget or a
// channel throws, Node takes to the process; the library must not be touched by it.
import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import {
  bindEmitter,
  createTask,
  currentUnit,
  onTask,
  preserveContext,
  runUnitOfWork,
  withTempContext,
} from 'nestjs-contextvars/core';
import { role } from '../context.mjs';

const throwing = (failure) => () => {
  throw failure;
};

function onEmitter(add) {
  return {
    fail: (failure) => {
      const emitter = bindEmitter(new EventEmitter());
      emitter[add]('event', throwing(failure));
      emitter.emit('event');
    },
    works: () => {
      const emitter = bindEmitter(new EventEmitter());
      let seen = 'not called';
      emitter[add]('event', () => {
        seen = 'ok';
      });
      emitter.emit('event');
      return seen;
    },
  };
}

const worked = async () => {
  let seen = 'not called';
  const target = bindEmitter(new EventTarget());
  target.addEventListener('event', () => {
    seen = 'ok';
  });
  target.dispatchEvent(new Event('event'));
  return seen;
};

const targets = {
  'a listener of an EventTarget': (listener) => {
    const target = bindEmitter(new EventTarget());
    target.addEventListener('event', listener);
    target.dispatchEvent(new Event('event'));
  },
  'a listener object of an EventTarget': (listener) => {
    const target = bindEmitter(new EventTarget());
    target.addEventListener('event', { handleEvent: listener }, { once: true });
    target.dispatchEvent(new Event('event'));
  },
  'a handler of an AbortSignal': (listener) => {
    const controller = new AbortController();
    bindEmitter(controller.signal).onabort = listener;
    controller.abort();
  },
  'the signal of a unit of work, at its end': (listener, kit) =>
    runUnitOfWork({ kind: 'inside' }, async () => {
      kit.mustEnd(currentUnit());
      currentUnit().signal.addEventListener('abort', listener);
      await null;
    }),
  'the signal of a unit of work, at its synchronous end': (listener, kit) =>
    runUnitOfWork({ kind: 'inside' }, () => {
      kit.mustEnd(currentUnit());
      currentUnit().signal.addEventListener('abort', listener);
    }),
  'the signal of a task that is aborted': async (listener, kit) => {
    const controller = new AbortController();
    const task = createTask(
      async () => {
        kit.mustEnd(currentUnit());
        await new Promise((resolve) => {
          currentUnit().signal.addEventListener('abort', listener);
          currentUnit().signal.addEventListener('abort', resolve);
        });
      },
      { signal: controller.signal },
    );
    controller.abort();
    await task;
  },
  'the signal of a task that had been aborted before it began': async (listener, kit) => {
    await createTask(
      () => {
        kit.mustEnd(currentUnit());
        currentUnit().signal.addEventListener('abort', listener);
        currentUnit().signal.dispatchEvent(new Event('abort'));
      },
      { signal: AbortSignal.abort() },
    );
  },
  'the signal of a preserved call that is aborted': async (listener, kit) => {
    const controller = new AbortController();
    const call = preserveContext(
      async () => {
        kit.mustEnd(currentUnit());
        await new Promise((resolve) => {
          currentUnit().signal.addEventListener('abort', listener);
          currentUnit().signal.addEventListener('abort', resolve);
        });
      },
      { signal: () => controller.signal },
    )();
    controller.abort();
    await call;
  },
};

/** What has a message published on each channel. */
const published = {
  'unit:start': () => runUnitOfWork({ kind: 'inside' }, () => 'ok'),
  'unit:end': () => runUnitOfWork({ kind: 'inside' }, () => 'ok'),
  'scope:start': () => withTempContext([role.as('admin')], () => 'ok'),
  'scope:end': () => withTempContext([role.as('admin')], () => 'ok'),
  'task:start': () => createTask(() => 'ok'),
  'task:end': () => createTask(() => 'ok'),
  'task:abort': () => {
    const controller = new AbortController();
    const task = createTask(
      async () => {
        await null;
        return 'ok';
      },
      { signal: controller.signal },
    );
    controller.abort();
    return task;
  },
};

const channels = Object.entries(published).map(([name, publish]) => ({
  name: `a subscriber of the channel ${name}`,
  arrives: 'uncaught',
  fail: (failure) => {
    const messages = channel(`nestjs-contextvars:${name}`);
    let left = 1;
    const subscriber = () => {
      if (left-- > 0) throw failure;
    };
    messages.subscribe(subscriber);
    // All of them publish synchronously, in what this calls.
    try {
      return publish();
    } finally {
      messages.unsubscribe(subscriber);
    }
  },
  works: publish,
}));

const states = {
  running: () => createTask(() => 'ok'),
  aborting: published['task:abort'],
  completed: () => createTask(() => 'ok'),
};
const taskListeners = Object.entries(states).map(([state, start]) => ({
  name: `a listener of onTask: ${state}`,
  arrives: 'reported',
  fail: (failure) => {
    const stop = onTask((task) => {
      if (task.state === state) throw failure;
    });
    try {
      return start();
    } finally {
      stop();
    }
  },
  works: start,
}));

export const sites = [
  ...['on', 'once', 'prependListener', 'prependOnceListener'].map((add) => ({
    name: `a listener of an EventEmitter: ${add}`,
    ...onEmitter(add),
  })),
  ...Object.entries(targets).map(([name, use]) => ({
    name,
    arrives: 'uncaught',
    fail: (failure, kit) => use(throwing(failure), kit),
    works: worked,
  })),
  ...channels,
  ...taskListeners,
];
