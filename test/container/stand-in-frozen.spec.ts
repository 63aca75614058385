// Frozen instances are read as they are, and written as little.

import { expectAsPlain, type Operation } from './stand-in-comparison.js';
import { standInOfClass } from './stand-in-subject.js';

class Frozen {
  #count = 1;
  name = 'ann';
  arrow = () => this.#count;

  constructor() {
    Object.freeze(this);
  }
  get doubled(): number {
    return this.#count * 2;
  }
  count(): number {
    return ++this.#count;
  }
}

test.each<Operation>([
  ['a field', (it) => it.name],
  ['a method that changes a #private field', (it) => [it.count(), it.doubled]],
  ['an arrow function', (it) => it.arrow()],
  ['the keys', (it) => Reflect.ownKeys(it)],
  ['JSON.stringify', (it) => JSON.stringify(it)],
  ['spread', (it) => ({ ...it }).name],
  ['in', (it) => ['name' in it, 'no' in it]],
  ['a write', (it) => Object.assign(it, { name: 'eve' })],
  ['a write by Reflect', (it) => Reflect.set(it, 'name', 'eve')],
  ['a new field', (it) => Object.assign(it, { extra: 1 })],
  ['a function for a method', (it) => Reflect.set(it, 'count', () => 9)],
  ['a method after that', (it) => [Reflect.set(it, 'count', () => 9), it.count()]],
  ['delete', (it) => delete it.name],
  ['delete of nothing', (it) => delete it.missing],
  ['defineProperty', (it) => Object.defineProperty(it, 'extra', { value: 1 })],
  ['defineProperty of what is there already', (it) => Reflect.defineProperty(it, 'name', { value: 'ann' })],
  ['another prototype', (it) => Object.setPrototypeOf(it, null)],
  ['the prototype that it has', (it) => Reflect.setPrototypeOf(it, Frozen.prototype)],
])('%s', async (_title, operate) => {
  await expectAsPlain(
    () => new Frozen(),
    () => standInOfClass(Frozen),
    operate,
  );
});
