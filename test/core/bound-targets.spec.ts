// What was bound with bindEmitter is left as it was, but for the listeners that it is given.

import { EventEmitter, getEventListeners } from 'node:events';
import { bindEmitter, ContextVar, runUnitOfWork } from '../../src/core/index.js';

const text = new ContextVar<string>('text', { default: 'outside' });
const inside = <R>(fn: () => R): R =>
  runUnitOfWork({ kind: 'test' }, () => {
    text.set('inside');
    return fn();
  });

test.each([
  ['an emitter', () => new EventEmitter(), 'on'],
  ['an event target', () => new EventTarget(), 'addEventListener'],
])('%s is bound once, and shows nothing of it', (_what, make, method) => {
  const target = bindEmitter(make()) as EventEmitter & EventTarget & Record<string, unknown>;
  const add = target[method];
  expect(bindEmitter(target)[method]).toBe(add);
  expect(Object.keys(target)).toEqual(Object.keys(make()));
  // Others wrap these methods too, and take that back.
  const own = (): void => {};
  Object.assign(target, { [method]: own });
  expect(target[method]).toBe(own);
  expect(Reflect.deleteProperty(target, method)).toBe(true);
  expect(target[method]).toBe((make() as never)[method]);
});

test('no listener and no options are what they are without', () => {
  const target = bindEmitter(new EventTarget());
  target.addEventListener('news', null as never);
  target.addEventListener('news', undefined as never);
  expect(getEventListeners(target, 'news')).toEqual([]);
  const seen: string[] = [];
  const listener = (): number => seen.push(text.get());
  inside(() => target.addEventListener('news', listener, null as never));
  target.dispatchEvent(new Event('news'));
  target.removeEventListener('news', listener, null as never);
  target.dispatchEvent(new Event('news'));
  expect(seen).toEqual(['inside']);
});

test('a listener for the capture phase and one that is not are two', () => {
  const target = bindEmitter(new EventTarget());
  const seen: string[] = [];
  const listener = (): number => seen.push(text.get());
  inside(() => target.addEventListener('news', listener, true));
  target.addEventListener('news', listener);
  target.dispatchEvent(new Event('news'));
  expect(seen).toEqual(['inside', 'outside']);
  target.removeEventListener('news', listener, { capture: true });
  target.dispatchEvent(new Event('news'));
  expect(seen).toEqual(['inside', 'outside', 'outside']);
});

describe('handlers', () => {
  class Socket extends EventTarget {
    #handlers: Record<string, unknown> = {};
    get onopen(): unknown {
      return this.#handlers.onopen;
    }
    set onopen(handler: unknown) {
      this.#handlers.onopen = handler;
    }
    get onstate(): unknown {
      return 'read only';
    }
    set onsecret(handler: unknown) {
      this.#handlers.onsecret = handler;
    }
    get bonus(): unknown {
      return this.#handlers.bonus;
    }
    set bonus(value: unknown) {
      this.#handlers.bonus = value;
    }
    /** What stands there in truth. */
    raw(name: string): unknown {
      return this.#handlers[name];
    }
    /** By the socket itself. */
    replace(handler: unknown): void {
      this.#handlers.onopen = handler;
    }
  }

  test('that are assigned run where they were assigned, and are read as they were given', () => {
    const socket = bindEmitter(new Socket());
    const handler = (): string => text.get();
    inside(() => {
      socket.onopen = handler;
    });
    expect(socket.onopen).toBe(handler);
    expect((socket.raw('onopen') as () => string)()).toBe('inside');
    socket.onopen = null;
    expect([socket.onopen, socket.raw('onopen')]).toEqual([null, null]);
    const own = (): void => {};
    socket.replace(own);
    expect(socket.onopen).toBe(own);
  });

  test('are no property that anybody sees, and can be taken back', () => {
    const socket = bindEmitter(new Socket());
    expect(Object.keys(socket)).toEqual([]);
    expect(Reflect.deleteProperty(socket, 'onopen')).toBe(true);
    const handler = (): void => {};
    socket.onopen = handler;
    expect(socket.raw('onopen')).toBe(handler);
  });

  test('are not what cannot be both read and written, or only ends like one', () => {
    const socket = bindEmitter(new Socket());
    const handler = (): void => {};
    expect(socket.onstate).toBe('read only');
    expect(() => {
      (socket as { onstate: unknown }).onstate = handler;
    }).toThrow(TypeError);
    socket.onsecret = handler;
    socket.bonus = handler;
    expect([socket.raw('onsecret'), socket.raw('bonus')]).toEqual([handler, handler]);
  });

  test('of an object without a prototype are found too', () => {
    const target = Object.assign(Object.create(null), {
      addEventListener() {},
      removeEventListener() {},
      dispatchEvent() {},
    });
    expect(bindEmitter(target)).toBe(target);
  });
});
