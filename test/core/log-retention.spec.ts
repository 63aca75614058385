// Logging keeps nothing alive: neither what is logged nor what it is logged for.

import {
  bindLogContext,
  Context,
  ContextVar,
  copyContext,
  getLogContext,
  logFields,
  registerLogFields,
  resetLogContext,
  runUnitOfWork,
  ScopedValue,
  withLogContext,
} from '../../src/core/index.js';
import { declaredVariables } from '../../src/core/log-declared.js';
import { knownLogKeys } from '../../src/core/log-key-slot.js';
import { macrotask } from './readings.js';

// What the collector leaves for once differs from run to run; what is really kept is kept each time.
jest.retryTimes(3);

const REQUESTS = 20;

async function collect(): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('these tests need --expose-gc');
  for (let i = 0; i < 5; i++) {
    await macrotask();
    gc();
  }
}

class Alive {
  readonly #refs: WeakRef<object>[] = [];

  add<T extends object>(object: T): T {
    this.#refs.push(new WeakRef(object));
    return object;
  }

  /** How many are still there; some that only the last call kept may be. */
  async count(): Promise<number> {
    await collect();
    expect(this.#refs.length).toBeGreaterThanOrEqual(REQUESTS);
    return this.#refs.filter((ref) => ref.deref() !== undefined).length;
  }
}

interface User {
  readonly id: number;
}

const user = new ContextVar<User>('user', { log: { key: 'user', format: ({ id }) => id } });
const cart = new ContextVar<object>('cart', { log: 'cart' });
const role = new ScopedValue<object>('role', { log: 'role' });

function times(body: (i: number) => void): void {
  for (let i = 0; i < REQUESTS; i++) body(i);
}

test('values of declared variables go with their unit of work', async () => {
  const alive = new Alive();
  times((id) =>
    runUnitOfWork({ kind: 'request' }, () => {
      user.set(alive.add({ id }));
      cart.set(alive.add({ items: [id] }));
      role.run(alive.add({ id }), () =>
        expect(logFields()).toMatchObject({ user: id, cart: { items: [id] } }),
      );
    }),
  );
  logFields();
  expect(await alive.count()).toBe(0);
});

test('values that were replaced go, though the unit of work goes on', async () => {
  const alive = new Alive();
  const context = new Context();
  context.run(() => {
    times((id) => {
      user.set(alive.add({ id }));
      expect(logFields()).toMatchObject({ user: id });
    });
    user.set({ id: -1 });
  });
  expect(await alive.count()).toBe(0);
  expect(context.run(logFields)).toMatchObject({ user: -1 });
});

test('what is bound is copies: a Context, a token, a record keep none of the objects', async () => {
  const alive = new Alive();
  const kept: unknown[] = [];
  times((id) =>
    runUnitOfWork({ kind: 'request' }, () => {
      const token = bindLogContext({ order: alive.add({ id, parts: [alive.add([id])] }) });
      withLogContext({ step: alive.add({ id }) }, () =>
        kept.push(copyContext(), logFields(), getLogContext(), token),
      );
    }),
  );
  expect(await alive.count()).toBe(0);
  expect(kept).toHaveLength(4 * REQUESTS);
});

test('units of work go, though their log lines were written', async () => {
  const alive = new Alive();
  times((id) =>
    runUnitOfWork({ kind: 'request' }, () => {
      const context = alive.add(copyContext());
      context.run(() => {
        resetLogContext(bindLogContext({ id }));
        withLogContext({ id }, logFields);
      });
    }),
  );
  expect(await alive.count()).toBe(0);
});

test('objects of a source go', async () => {
  const alive = new Alive();
  const remove = registerLogFields({ name: 'source', fields: () => ({ memory: alive.add({ used: 1 }) }) });
  try {
    times(() => expect(logFields()).toEqual({ memory: { used: 1 } }));
    expect(await alive.count()).toBe(0);
  } finally {
    remove();
  }
});

// Not the same names in a second attempt.
let attempt = 0;

beforeEach(() => {
  attempt += 1;
});

test('a declared variable that nobody holds goes, also where its format refers to it, and its key is free', async () => {
  const alive = new Alive();
  const dynamic = `dynamic ${attempt}`;
  const declared = () => declaredVariables().filter(({ key }) => key.startsWith(dynamic)).length;
  const make = (i: number): void => {
    const variable: ContextVar<number> = alive.add(
      new ContextVar(`${dynamic} ${i}`, { log: { key: `${dynamic} ${i}`, format: () => variable.name } }),
    );
    new Context().run(() => {
      variable.set(i);
      expect(logFields()).toMatchObject({ [`${dynamic} ${i}`]: `${dynamic} ${i}` });
    });
  };
  times(make);
  expect(declared()).toBe(REQUESTS);
  expect(await alive.count()).toBe(0);
  // Finalizers run when they do.
  for (let i = 0; i < 50 && declared() > 0; i++) await collect();
  expect(declared()).toBe(0);
  expect(() => new ContextVar('other', { log: `${dynamic} 0` })).not.toThrow();
});

test('keys that are made up at run time go', async () => {
  const before = knownLogKeys();
  times((i) => withLogContext({ [`made up ${attempt} ${i}`]: i }, () => {}));
  expect(knownLogKeys()).toBeGreaterThan(before);
  for (let i = 0; i < 50 && knownLogKeys() > before; i++) await collect();
  expect(knownLogKeys()).toBeLessThanOrEqual(before);
});

test('a text that was cut does not keep the whole of it', async () => {
  const contexts: Context[] = [];
  await collect();
  const before = process.memoryUsage();
  times((i) => {
    const context = new Context();
    context.run(() =>
      bindLogContext({
        text: `${i}${'x'.repeat(1_000_000)}`.toUpperCase(),
        nested: { text: `${i}${'y'.repeat(1_000_000)}`.toUpperCase() },
        [`key ${i}${'z'.repeat(1_000_000)}`.toUpperCase()]: 1,
      }),
    );
    contexts.push(context);
  });
  await collect();
  const after = process.memoryUsage();
  expect(contexts).toHaveLength(REQUESTS);
  // Of 60 MB.
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(5_000_000);
});
