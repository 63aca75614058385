// A stand-in lives as long as the application: it keeps nothing of a unit of work.

import { Scoped, standInFor } from '../../src/container/internal.js';
import { runUnitOfWork } from '../../src/core/index.js';
import { stillHeld } from '../support/collector.js';
import { type Anything } from './stand-in-comparison.js';

// What the collector leaves for once differs from run to run: compiled code holds what it no longer needs. What is
// really kept is kept each time.
jest.retryTimes(3);

class Base {
  greet(): string {
    return 'Base';
  }
  replaced(): string {
    return 'Base';
  }
}

class Caller extends Base {
  name = 'ann';
  arrow = () => this;
  override greet = () => `own of ${this.name}`;
  get getting() {
    return () => this;
  }
  itself(): this {
    return this;
  }
}

/** Unlike the other tests' subjects these keep no instance. */
function subject(type?: new () => object): { standIn: Anything; refs: WeakRef<object>[] } {
  const refs: WeakRef<object>[] = [];
  const scoped: Scoped = new Scoped({
    name: 'Caller',
    type,
    make() {
      const caller = new Caller();
      refs.push(new WeakRef(caller));
      return caller;
    },
  });
  return { standIn: standInFor(scoped), refs };
}

async function collected(refs: readonly WeakRef<object>[]): Promise<number> {
  return refs.length - (await stillHeld(refs)).length;
}

test.each<readonly [string, (new () => object) | undefined]>([
  ['a class', Caller],
  ['a base class', Base],
  ['a factory', undefined],
])('of %s no instance is left after the end of its unit, whatever was done', async (_title, type) => {
  const { standIn, refs } = subject(type);
  for (let unit = 0; unit < 3; unit++) {
    await runUnitOfWork({ kind: 'job' }, async () => {
      const { greet, arrow, itself, getting } = standIn;
      void [greet(), arrow(), itself(), getting(), standIn.greet(), standIn.name];
      const inner = standIn.replaced;
      standIn.replaced = () => inner() + standIn.name;
      standIn.handler = () => standIn;
      void [standIn.replaced(), standIn.handler(), delete standIn.name, Object.keys(standIn)];
    });
  }
  expect(refs).toHaveLength(3);
  expect(await collected(refs)).toBe(3);
});

test('functions under ever new keys do not pile up', async () => {
  const wrappers: WeakRef<object>[] = [];
  const scoped = new Scoped<Anything>({ name: 'handlers', make: () => ({}) });
  const standIn = standInFor(scoped);
  for (let i = 0; i < 1200; i++) {
    await runUnitOfWork({ kind: 'job' }, async () => {
      (scoped.use() as Anything)[`key ${i}`] = () => i;
      expect(standIn[`key ${i}`]()).toBe(i);
      wrappers.push(new WeakRef(standIn[`key ${i}`]));
    });
  }
  expect(await collected(wrappers.slice(1000))).toBe(200);
});

test('fields under ever new keys are read all the same', () => {
  const scoped = new Scoped<Anything>({ name: 'Fields', type: class Fields {}, make: () => ({}) });
  const standIn = standInFor(scoped);
  runUnitOfWork({ kind: 'job' }, () => {
    for (let i = 0; i < 1200; i++) {
      standIn[`key ${i}`] = i;
      expect(standIn[`key ${i}`]).toBe(i);
      expect(standIn[`key ${i}`]).toBe(i);
    }
  });
});
