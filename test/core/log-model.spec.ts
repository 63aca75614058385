// Whatever is done in whatever order, the log context is what a ContextVar for each key would hold, and a line has just that.

import { AsyncResource } from 'node:async_hooks';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import {
  bindLogContext,
  ContextVar,
  clearLogContext,
  copyContext,
  createTask,
  gather,
  getLogContext,
  type LogToken,
  logFields,
  resetLogContext,
  runUnitOfWork,
  type Token,
  unbindLogContext,
  withLogContext,
  withTempContext,
} from '../../src/core/index.js';

const KEYS = ['a', 'b', 'c'] as const;
type Key = (typeof KEYS)[number];

/** Stands for "unbound", which a ContextVar cannot be made by itself. */
const UNBOUND = Symbol('unbound');
const variables = Object.fromEntries(
  KEYS.map((key) => [key, new ContextVar<number | typeof UNBOUND>(key, { default: UNBOUND })]),
) as Record<Key, ContextVar<number | typeof UNBOUND>>;

const declared = new ContextVar<number>('declared', { log: 'declared' });

function model(): Record<string, unknown> {
  const values = KEYS.map((key) => [key, variables[key].get()] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== UNBOUND));
}

type Nested =
  | {
      readonly do: 'block';
      readonly keys: readonly Key[];
      readonly value: number;
      readonly steps: readonly Step[];
    }
  | { readonly do: 'task' | 'fork' | 'copy' | 'later'; readonly steps: readonly Step[] };

type Step =
  | { readonly do: 'bind'; readonly key: Key; readonly value: number }
  | { readonly do: 'unbind'; readonly key: Key }
  | { readonly do: 'clear' }
  | { readonly do: 'reset'; readonly token: number }
  | { readonly do: 'set'; readonly value: number }
  | Nested;

const key = fc.constantFrom(...KEYS);
const value = fc.integer({ min: 0, max: 3 });

const { steps } = fc.letrec<{ steps: readonly Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie('step'), { maxLength: 6 }),
  step: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.record({ do: fc.constant('bind' as const), key, value }),
    fc.record({ do: fc.constant('unbind' as const), key }),
    fc.record({ do: fc.constant('reset' as const), token: fc.nat({ max: 5 }) }),
    fc.record({ do: fc.constant('set' as const), value }),
    fc.record({ do: fc.constant('clear' as const) }),
    fc.record({
      do: fc.constant('block' as const),
      keys: fc.uniqueArray(key, { minLength: 1 }),
      value,
      steps: tie('steps'),
    }),
    fc.record({
      do: fc.constantFrom('task' as const, 'fork' as const, 'copy' as const, 'later' as const),
      steps: tie('steps'),
    }),
  ),
}));

class Program {
  readonly #tokens: (readonly [LogToken, Key, Token<number | typeof UNBOUND>])[] = [];
  readonly #later: (() => void)[] = [];
  #isLater = false;
  checks = 0;
  /** Not thrown where they are found: a task would keep them to itself. */
  readonly mismatches: unknown[] = [];

  run(steps: readonly Step[]): void {
    for (const step of steps) {
      this.#do(step);
      this.#check();
    }
  }

  /** What was left for when all blocks have ended. */
  runLater(): void {
    this.#isLater = true;
    for (let i = 0; i < this.#later.length && i < 20; i++) this.#later[i]?.();
  }

  #do(step: Step): void {
    if (step.do === 'bind') this.#bind(step.key, step.value);
    else if (step.do === 'unbind') {
      this.#same(
        () => unbindLogContext(step.key),
        () => step.key in model() && variables[step.key].set(UNBOUND),
      );
    } else if (step.do === 'clear') this.#clear();
    else if (step.do === 'reset') this.#reset(step.token);
    else if (step.do === 'set') declared.set(step.value);
    else this.#nest(step);
  }

  #bind(key: Key, value: number): void {
    this.#same(
      () => bindLogContext({ [key]: value }),
      () => variables[key].set(value),
      (log, token) => this.#tokens.push([log, key, token]),
    );
  }

  #clear(): void {
    // In what a block has left, a variable of the block could not be set: see log-blocks.spec.ts.
    if (this.#isLater) return;
    this.#same(clearLogContext, () => {
      for (const key of Object.keys(model())) variables[key as Key].set(UNBOUND);
    });
  }

  #reset(index: number): void {
    const [log, key, token] = this.#tokens[index] ?? [];
    if (log === undefined || key === undefined || token === undefined) return;
    this.#same(
      () => resetLogContext(log),
      () => variables[key].reset(token),
    );
  }

  #nest(step: Nested): void {
    const inside = (): void => {
      this.#check();
      this.run(step.steps);
    };
    if (step.do === 'block') {
      const { keys, value } = step;
      const bindings = keys.map((key) => variables[key].as(value));
      withLogContext(Object.fromEntries(keys.map((key) => [key, value])), () =>
        withTempContext(bindings, inside),
      );
    } else if (step.do === 'task') void createTask(inside);
    else if (step.do === 'fork') void gather([inside, inside]);
    else if (step.do === 'copy') copyContext().run(inside);
    // In the same place, when blocks have ended: as a timer would, and not in a bound context.
    else this.#later.push(AsyncResource.bind(inside));
  }

  /** Both do it, or both refuse it with the same code. */
  #same<A, B>(log: () => A, reference: () => B, both?: (log: A, reference: B) => void): void {
    const [one, other] = [outcome(log), outcome(reference)];
    if (one.code !== other.code) this.mismatches.push({ code: one.code, expected: other.code });
    if (one.code === undefined) both?.(one.value as A, other.value as B);
  }

  #check(): void {
    this.checks += 1;
    const expected = model();
    const { requestId: _, declared: logged, ...rest } = logFields();
    const seen = { bound: getLogContext(), line: rest, declared: logged };
    const wanted = { bound: expected, line: expected, declared: declared.get(undefined) };
    if (!isDeepStrictEqual(seen, wanted)) this.mismatches.push({ seen, wanted });
  }
}

function outcome<T>(fn: () => T): { value?: T; code: string | undefined } {
  try {
    return { value: fn(), code: undefined };
  } catch (error) {
    return { code: (error as { code?: string }).code ?? String(error) };
  }
}

test('programs of binds, unbinds, blocks, forks, tasks and work left running', () => {
  let checks = 0;
  fc.assert(
    fc.property(steps, (steps) => {
      const program = new Program();
      runUnitOfWork({ kind: 'test' }, () => program.run(steps));
      program.runLater();
      checks += program.checks;
      expect(program.mismatches).toEqual([]);
    }),
    { numRuns: 1000 },
  );
  expect(checks).toBeGreaterThan(1000);
});
