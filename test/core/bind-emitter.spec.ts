import { EventEmitter, on, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { bindEmitter, ContextVar, currentUnit, runUnitOfWork } from '../../src/core/index.js';
import { FAILURE } from './support/endings.js';

const text = new ContextVar<string>('text', { default: 'default' });

type Adding = 'on' | 'addListener' | 'once' | 'prependListener' | 'prependOnceListener';
const adding: readonly Adding[] = ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'];

function within<R>(value: string, body: () => R): R {
  return runUnitOfWork({ kind: value }, () => {
    text.set(value);
    return body();
  });
}

test('bindEmitter gives the emitter back', () => {
  const emitter = new EventEmitter();
  expect(bindEmitter(emitter)).toBe(emitter);
});

describe.each(adding)('a listener added by %s', (add) => {
  const calls = add === 'once' || add === 'prependOnceListener' ? 1 : 2;

  test('runs in the context in which it was added, not in that of emit', () => {
    const emitter = bindEmitter(new EventEmitter());
    const seen: unknown[] = [];
    within('adder', () => emitter[add]('event', () => seen.push(text.get(), currentUnit()?.kind)));
    within('sender', () => emitter.emit('event'));
    emitter.emit('event');
    expect(seen).toEqual(Array(calls).fill(['adder', 'adder']).flat());
  });

  test('added outside any context runs outside any', () => {
    const emitter = bindEmitter(new EventEmitter());
    const seen: unknown[] = [];
    emitter[add]('event', () => seen.push(text.get(), currentUnit()));
    within('sender', () => emitter.emit('event'));
    expect(seen).toEqual(['default', undefined]);
  });

  test('gets the emitter as this, and the arguments', () => {
    const emitter = bindEmitter(new EventEmitter());
    const seen: unknown[] = [];
    emitter[add]('event', function (this: unknown, ...args: unknown[]) {
      seen.push(this, ...args);
    });
    expect(emitter.emit('event', 1, 2)).toBe(true);
    expect(seen).toEqual([emitter, 1, 2]);
  });

  test('gives the emitter back, for chaining', () => {
    const emitter = bindEmitter(new EventEmitter());
    expect(emitter[add]('event', () => {})).toBe(emitter);
  });

  test.each(['off', 'removeListener'] as const)('is removed by %s', (remove) => {
    const emitter = bindEmitter(new EventEmitter());
    const listener = jest.fn();
    emitter[add]('event', listener);
    expect(emitter.listenerCount('event')).toBe(1);
    within('remover', () => emitter[remove]('event', listener));
    expect(emitter.listenerCount('event')).toBe(0);
    emitter.emit('event');
    expect(listener).not.toHaveBeenCalled();
  });

  test('is found by listeners() as the function that was added', () => {
    const emitter = bindEmitter(new EventEmitter());
    const listener = (): void => {};
    emitter[add]('event', listener);
    expect(emitter.listeners('event')).toEqual([listener]);
    expect(emitter.listeners('event')[0]).toBe(listener);
    expect(emitter.listenerCount('event', listener)).toBe(1);
  });

  test('is told to newListener and removeListener as the function that was added', () => {
    const emitter = bindEmitter(new EventEmitter());
    const seen: unknown[] = [];
    emitter.on('newListener', (_event, listener) => seen.push(['added', listener]));
    emitter.on('removeListener', (_event, listener) => seen.push(['removed', listener]));
    seen.length = 0;
    const listener = (): void => {};
    emitter[add]('event', listener);
    emitter.removeListener('event', listener);
    expect(seen).toEqual([
      ['added', listener],
      ['removed', listener],
    ]);
  });

  test('throws what it throws to whoever emits', () => {
    const emitter = bindEmitter(new EventEmitter());
    emitter[add]('event', () => {
      throw FAILURE;
    });
    expect(() => emitter.emit('event')).toThrow(FAILURE);
  });

  test('that is no function is refused with the error of Node', () => {
    const emitter = bindEmitter(new EventEmitter());
    expect(() => emitter[add]('event', 'no function' as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});

test('listeners run in the order in which they were added and put first', () => {
  const emitter = bindEmitter(new EventEmitter());
  const log: string[] = [];
  emitter.on('event', () => log.push('on'));
  emitter.once('event', () => log.push('once'));
  emitter.prependListener('event', () => log.push('prepended'));
  emitter.prependOnceListener('event', () => log.push('prepended once'));
  emitter.emit('event');
  emitter.emit('event');
  expect(log).toEqual(['prepended once', 'prepended', 'on', 'once', 'prepended', 'on']);
});

test('a once listener that emits the event again is not called again', () => {
  const emitter = bindEmitter(new EventEmitter());
  let calls = 0;
  emitter.once('event', () => {
    calls += 1;
    emitter.emit('event');
  });
  emitter.emit('event');
  expect(calls).toBe(1);
});

test('the same listener added from two contexts runs in both, and is removed one at a time, the last one first', () => {
  const emitter = bindEmitter(new EventEmitter());
  const seen: string[] = [];
  const listener = (): void => void seen.push(text.get());
  within('a', () => emitter.on('event', listener));
  within('b', () => emitter.on('event', listener));
  emitter.emit('event');
  emitter.off('event', listener);
  emitter.emit('event');
  expect(seen).toEqual(['a', 'b', 'a']);
});

test('removeAllListeners removes bound listeners', () => {
  const emitter = bindEmitter(new EventEmitter());
  emitter.on('event', () => {}).once('event', () => {});
  emitter.removeAllListeners('event');
  expect(emitter.listenerCount('event')).toBe(0);
});

test('listeners added before are left as they are', () => {
  const emitter = new EventEmitter();
  const seen: string[] = [];
  const listener = (): void => void seen.push(text.get());
  within('adder', () => emitter.on('event', listener));
  bindEmitter(emitter);
  within('sender', () => emitter.emit('event'));
  emitter.off('event', listener);
  expect(seen).toEqual(['sender']);
  expect(emitter.listenerCount('event')).toBe(0);
});

test('binding an emitter twice does what binding it once does', () => {
  const emitter = bindEmitter(bindEmitter(new EventEmitter()));
  const listener = (): void => {};
  emitter.on('event', listener);
  expect(emitter.listeners('event')).toEqual([listener]);
  emitter.off('event', listener);
  expect(emitter.listenerCount('event')).toBe(0);
});

test('what an emitter is bound with does not show up in a loop over its keys', () => {
  const plain = Object.keys(new EventEmitter());
  expect(Object.keys(bindEmitter(new EventEmitter()))).toEqual(plain);
});

test('other emitters of the class are left alone', () => {
  class Bus extends EventEmitter {}
  bindEmitter(new Bus());
  const other = new Bus();
  const seen: string[] = [];
  within('adder', () => other.on('event', () => seen.push(text.get())));
  within('sender', () => other.emit('event'));
  expect(seen).toEqual(['sender']);
});

test('events.once and events.on work, and leave no listener behind', async () => {
  const emitter = bindEmitter(new EventEmitter());
  const pending = once(emitter, 'event');
  emitter.emit('event', 'value');
  expect(await pending).toEqual(['value']);
  expect(emitter.eventNames()).toEqual([]);

  const failing = once(emitter, 'event');
  emitter.emit('error', FAILURE);
  await expect(failing).rejects.toBe(FAILURE);
  expect(emitter.eventNames()).toEqual([]);

  const aborted = new AbortController();
  const never = once(emitter, 'event', { signal: aborted.signal });
  aborted.abort();
  await expect(never).rejects.toThrow(/abort/i);
  expect(emitter.eventNames()).toEqual([]);

  const iterator = on(emitter, 'event');
  emitter.emit('event', 1);
  expect(await iterator.next()).toEqual({ value: [1], done: false });
  await iterator.return?.();
  expect(emitter.eventNames()).toEqual([]);
});

test('the code after an awaited events.once is in the context of whoever awaits', () =>
  within('waiter', async () => {
    const emitter = bindEmitter(new EventEmitter());
    const pending = once(emitter, 'event');
    within('sender', () => emitter.emit('event'));
    await pending;
    expect(text.get()).toBe('waiter');
  }));

test('streams keep working: data flows, and their listeners run where they were added', async () => {
  const stream = bindEmitter(new PassThrough());
  const seen: unknown[] = [];
  const ended = within(
    'reader',
    () =>
      new Promise<void>((resolve) => {
        stream.on('data', (chunk) => seen.push(String(chunk), text.get()));
        stream.once('end', () => {
          seen.push('end', text.get());
          resolve();
        });
      }),
  );
  within('writer', () => stream.end('chunk'));
  await ended;
  expect(seen).toEqual(['chunk', 'reader', 'end', 'reader']);
});

test('a listener that returns a rejecting promise is still captured by an emitter that does so', async () => {
  const emitter = bindEmitter(new EventEmitter({ captureRejections: true }));
  const failed = new Promise((resolve) => emitter.on('error', resolve));
  emitter.on('event', async () => {
    throw FAILURE;
  });
  emitter.emit('event');
  expect(await failed).toBe(FAILURE);
});
