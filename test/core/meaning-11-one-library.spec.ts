// One process, one library.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as CoreEntry from '../../src/core/index.js';

type Core = typeof CoreEntry;

const SOURCE = join(__dirname, '../../src/core');

/** Another copy of the library: modules of its own, as of a nested install or of CommonJS beside ESM. */
function loadCopy(): Core {
  let copy: Core | undefined;
  jest.isolateModules(() => {
    copy = require('../../src/core/index.js') as Core;
  });
  return copy as Core;
}

function sources(): { name: string; text: string }[] {
  return readdirSync(SOURCE).map((name) => ({ name, text: readFileSync(join(SOURCE, name), 'utf8') }));
}

/** The same without comments. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

test('a second copy gives the classes and functions of the first', () => {
  const first = loadCopy();
  const second = loadCopy();
  expect(second).not.toBe(first);
  expect(Object.keys(second).sort()).toEqual(Object.keys(first).sort());
  for (const name of Object.keys(first) as (keyof Core)[]) expect(second[name]).toBe(first[name]);
});

test('two copies share their state', () => {
  const first = loadCopy();
  const second = loadCopy();
  const text = new first.ContextVar<string>('text');
  text.run('of the first', () => {
    expect(second.copyContext().get(text)).toBe('of the first');
    expect(second.currentUnit()).toBe(first.currentUnit());
    second.withTempContext([text.as('by the second')], () => expect(text.get()).toBe('by the second'));
  });
  expect(new second.ContextVar('text')).toBeInstanceOf(first.ContextVar);
  expect(second.copyContext()).toBeInstanceOf(first.Context);
});

test('two copies share their errors', () => {
  const first = loadCopy();
  const second = loadCopy();
  expect(() => new first.ContextVar('text').get()).toThrow(second.ContextError);
});

test('the implementation lives under one versioned symbol, which does not show up in a loop over globals', () => {
  loadCopy();
  const ours = Object.getOwnPropertySymbols(globalThis).filter((symbol) =>
    symbol.description?.startsWith('nestjs-contextvars'),
  );
  expect(ours).toHaveLength(1);
  const [symbol] = ours as [symbol];
  expect(symbol.description).toMatch(/^nestjs-contextvars\.v\d+$/);
  expect(Symbol.keyFor(symbol)).toBe(symbol.description);
  expect(Object.getOwnPropertyDescriptor(globalThis, symbol)).toMatchObject({
    enumerable: false,
    writable: false,
  });
});

test('one file touches AsyncLocalStorage, and makes exactly one', () => {
  const using = sources().filter(({ text }) => /AsyncLocalStorage|node:async_hooks/.test(codeOf(text)));
  expect(using.map(({ name }) => name)).toEqual(['storage.ts']);
  expect(codeOf(using[0]?.text ?? '').match(/new AsyncLocalStorage/g)).toHaveLength(1);
});

test('enterWith, withScope, exit and disable are called nowhere', () => {
  const calling = sources().filter(({ text }) => /\.(enterWith|withScope|exit|disable)\b/.test(codeOf(text)));
  expect(calling.map(({ name }) => name)).toEqual([]);
});

test('nor are they called at run time', async () => {
  const { AsyncLocalStorage } = await import('node:async_hooks');
  const prototype = AsyncLocalStorage.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  const callers: string[] = [];
  const names = ['enterWith', 'withScope', 'exit', 'disable'].filter((name) => name in prototype);
  const spies = names.map((name) => {
    const original = prototype[name] as (...args: unknown[]) => unknown;
    return jest.spyOn(prototype, name).mockImplementation(function (this: unknown, ...args) {
      // On one of Node's engines its own `run` is made of enterWith.
      const caller = new Error().stack
        ?.split('\n')
        .find((line, i) => i > 1 && !/jest-mock|\[as \w+\]/.test(line));
      if (!caller?.includes('node:')) callers.push(`${name}: ${caller}`);
      return original.apply(this, args);
    });
  });
  try {
    const core = loadCopy();
    const text = new core.ContextVar<string>('text');
    const role = new core.ScopedValue<string>('role');
    await core.runUnitOfWork({ kind: 'test' }, async () => {
      role.bind('base');
      const token = text.set('a');
      await core.gather([() => text.set('b'), async () => text.run('c', () => text.get())]);
      await core.createTask(() => role.run('temporary', () => text.get()));
      await core
        .withTempContext([text.as('d'), role.as('e')], async () =>
          core.copyContext().run(() => role.get('f')),
        )
        .catch(() => {});
      core.preserveContext(() => text.get())();
      core.bindContext(() => text.get())();
      text.reset(token);
    });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  expect(callers).toEqual([]);
});
