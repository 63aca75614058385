// bindEmitter on what is no EventEmitter: AbortSignal, MessagePort and the like.

import { on, once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { bindEmitter, ContextVar, currentUnit, runUnitOfWork } from '../../src/core/index.js';
import { collectUntil } from '../support/collector.js';

const text = new ContextVar<string>('text', { default: 'default' });

function within<R>(value: string, body: () => R): R {
  return runUnitOfWork({ kind: value }, () => {
    text.set(value);
    return body();
  });
}

function send(target: EventTarget, type = 'news'): void {
  within('sender', () => target.dispatchEvent(new Event(type)));
}

let target: EventTarget;
let seen: unknown[];
const listener = (): void => void seen.push(text.get());
beforeEach(() => {
  target = bindEmitter(new EventTarget());
  seen = [];
});

test('bindEmitter gives the target back, as often as it is bound', () => {
  expect(bindEmitter(target)).toBe(target);
  const plain = new EventTarget();
  expect(bindEmitter(plain)).toBe(plain);
});

test('a listener runs in the context in which it was added, not in that of dispatchEvent', () => {
  within('adder', () => target.addEventListener('news', () => seen.push(text.get(), currentUnit()?.kind)));
  send(target);
  send(target);
  expect(seen).toEqual(['adder', 'adder', 'adder', 'adder']);
});

test('a listener of an AbortSignal runs where it was added, however the signal is aborted', async () => {
  const controller = new AbortController();
  const any = bindEmitter(AbortSignal.any([controller.signal]));
  for (const signal of [bindEmitter(controller.signal), any])
    within('adder', () => signal.addEventListener('abort', listener));
  within('sender', () => controller.abort());
  const timed = within('maker', () => bindEmitter(AbortSignal.timeout(1)));
  await new Promise<void>((resolve) =>
    within('adder', () =>
      timed.addEventListener('abort', () => {
        listener();
        resolve();
      }),
    ),
  );
  expect(seen).toEqual(['adder', 'adder', 'adder']);
});

test('this and the event are those of the target, for functions and for objects with handleEvent', () => {
  const object = {
    handleEvent(this: unknown, event: Event) {
      seen.push(this === object, event.type, text.get());
    },
  };
  within('adder', () => {
    target.addEventListener('news', function (this: unknown, event) {
      seen.push(this === target, event.target === target);
    });
    target.addEventListener('news', object);
  });
  send(target);
  expect(seen).toEqual([true, true, true, 'news', 'adder']);
});

test('a listener is removed by itself, from whatever context', () => {
  within('adder', () => target.addEventListener('news', listener));
  within('remover', () => target.removeEventListener('news', listener));
  send(target);
  expect(seen).toEqual([]);
});

test('the same listener is added once, in its first context, and once more for the capture phase', () => {
  within('first', () => target.addEventListener('news', listener));
  within('second', () => target.addEventListener('news', listener, false));
  within('third', () => target.addEventListener('news', listener, { capture: true }));
  send(target);
  expect([...seen].sort()).toEqual(['first', 'third']);
  target.removeEventListener('news', listener, true);
  seen = [];
  send(target);
  expect(seen).toEqual(['first']);
});

test.each([
  ['removed', () => target.removeEventListener('news', listener)],
  ['called once', () => send(target)],
  ['taken back by its signal', () => stop.abort()],
])('a listener that is added again after it was %s runs in the context of the second time', (_how, end) => {
  const once = _how === 'called once';
  stop = new AbortController();
  within('first', () => target.addEventListener('news', listener, { once, signal: stop.signal }));
  end();
  seen = [];
  send(target);
  expect(seen).toEqual([]);
  within('second', () => target.addEventListener('news', listener));
  send(target);
  expect(seen).toEqual(['second']);
});
let stop = new AbortController();

test('a listener that is added with a signal that has aborted is not added, and can be later', () => {
  within('first', () => target.addEventListener('news', listener, { signal: AbortSignal.abort() }));
  within('second', () => target.addEventListener('news', listener));
  send(target);
  expect(seen).toEqual(['second']);
});

test('a once listener that sends the event again is not called again', () => {
  let calls = 0;
  target.addEventListener(
    'news',
    () => {
      calls += 1;
      send(target);
    },
    { once: true },
  );
  send(target);
  expect(calls).toBe(1);
});

test('listeners that were added before are left as they are, and can be removed', () => {
  const plain = new EventTarget();
  within('adder', () => plain.addEventListener('news', listener));
  bindEmitter(plain);
  send(plain);
  expect(seen).toEqual(['sender']);
  plain.removeEventListener('news', listener);
  send(plain);
  expect(seen).toEqual(['sender']);
});

test('a handler that is assigned runs where it was assigned last, reads as itself and can be taken away', () => {
  const controller = new AbortController();
  const bound = bindEmitter(controller.signal);
  expect(bound.onabort).toBeNull();
  within('first', () => {
    bound.onabort = () => seen.push('first handler');
  });
  within('second', () => {
    bound.onabort = listener;
  });
  expect(bound.onabort).toBe(listener);
  within('sender', () => controller.abort());
  expect(seen).toEqual(['second']);

  const other = new AbortController();
  const taken = bindEmitter(other.signal);
  taken.onabort = listener;
  taken.onabort = null;
  other.abort();
  expect([seen, taken.onabort]).toEqual([['second'], null]);
});

test('what is no listener is what it is for Node', () => {
  expect(() => target.addEventListener('news', 'listener' as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  );
  target.removeEventListener('news', null as never);
});

test('a MessagePort, which is an emitter too, gives messages to listeners of either kind where they were added', async () => {
  const { port1, port2 } = new MessageChannel();
  const bound = bindEmitter(port1);
  const received = new Promise<void>((resolve) => {
    within('on', () => bound.on('message', (message) => seen.push(message, text.get())));
    within('once', () => bound.once('message', (message) => seen.push(message, text.get())));
    within('assigned', () => {
      (bound as unknown as { onmessage: unknown }).onmessage = () => {
        seen.push(text.get());
        if (seen.length > 6) resolve();
      };
    });
  });
  const removed = jest.fn();
  bound.on('message', removed);
  bound.off('message', removed);
  within('sender', () => {
    port2.postMessage(1);
    port2.postMessage(2);
  });
  await received;
  port1.close();
  expect(seen).toEqual([1, 'on', 1, 'once', 'assigned', 2, 'on', 'assigned']);
  expect(removed).not.toHaveBeenCalled();
});

test('events.once and events.on work on it', async () => {
  const pending = within('waiter', async () => {
    await once(target, 'news');
    return text.get();
  });
  send(target);
  expect(await pending).toBe('waiter');

  const aborted = new AbortController();
  const never = once(target, 'news', { signal: bindEmitter(aborted.signal) });
  aborted.abort();
  await expect(never).rejects.toThrow(/abort/i);

  const events = on(target as never, 'news');
  send(target);
  expect(((await events.next()).value as Event[])[0]?.type).toBe('news');
  await events.return?.();
});

test('a bound signal aborts what Node gives it to', async () => {
  const controller = new AbortController();
  const { setTimeout } = await import('node:timers/promises');
  const waiting = setTimeout(1e8, undefined, { signal: bindEmitter(controller.signal) });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR' });
});

test('a signal that many listeners are taken back by is listened to once, and no longer when they are gone', () => {
  const { signal } = new AbortController();
  const listeners = Array.from({ length: 5 }, () => () => {});
  const remove = jest.spyOn(signal, 'removeEventListener');
  for (const one of listeners) target.addEventListener('news', one, { signal });
  for (const one of listeners) target.removeEventListener('news', one);
  // Node's own listener for each is its own affair.
  expect(remove.mock.calls.filter(([type]) => type === 'abort')).toHaveLength(1);
});

test('what is bound is held by its target alone', async () => {
  let ref: WeakRef<object> | undefined;
  (() => {
    const bound = bindEmitter(new EventTarget());
    ref = new WeakRef(bound);
    bound.addEventListener('news', () => {});
  })();
  await collectUntil(() => ref?.deref() === undefined);
  expect(ref?.deref()).toBeUndefined();
});

test.each([{}, null, undefined, 'emitter', { on() {} }, { addEventListener() {} }])(
  '%p is refused',
  (wrong) => {
    expect(() => bindEmitter(wrong as never)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringMatching(/^bindEmitter: expected an EventEmitter or an EventTarget, got /),
      }),
    );
  },
);
