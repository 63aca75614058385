import { Scoped, standInFor } from '../../src/container/internal.js';
import {
  Context,
  createTask,
  gather,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
} from '../../src/core/index.js';

// A stand-in that is the result of a call is passed on: nobody asks it whether it is a promise, a stream or an iterator.

class Basket {
  readonly items: string[] = [];
  add(item: string): this {
    this.items.push(item);
    return this;
  }
}

const make = jest.fn(() => new Basket());
const basket = standInFor(new Scoped({ name: 'Basket', type: Basket, make }));
const role = new ScopedValue<string>('role');

beforeEach(() => void make.mockClear());

test.each<[string, () => unknown]>([
  ['Context.run', () => new Context().run(() => basket)],
  ['runUnitOfWork', () => runUnitOfWork({ kind: 'test' }, () => basket)],
  ['an asynchronous one', () => runUnitOfWork({ kind: 'test' }, async () => basket)],
  ['createTask', () => createTask(() => basket)],
  ['preserveContext', () => preserveContext(() => basket)()],
  ['gather', async () => (await runUnitOfWork({ kind: 'test' }, () => gather([() => basket])))[0]],
  ['a temporary scope', () => runUnitOfWork({ kind: 'test' }, () => role.run('auditor', () => basket))],
])('%s gives it, and makes no instance', async (_, call) => {
  expect((await call()) === basket).toBe(true);
  expect(make).not.toHaveBeenCalled();
});

test('what a method gives that gives its own instance is passed on too', async () => {
  expect((await runUnitOfWork({ kind: 'test' }, async () => basket.add('tea'))) === basket).toBe(true);
  expect(make).toHaveBeenCalledTimes(1);
});
