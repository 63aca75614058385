// Writes through a stand-in change the instance of the current unit of work as writes to it do, and nothing else.

import { Person } from './stand-in-caller.js';
import { call, describeAsPlain, type Operation, same } from './stand-in-comparison.js';

const PROTO = '__proto__';

function assigned(): string {
  return 'assigned';
}

/** Writes, and gives what is read afterwards. */
function written(
  key: PropertyKey,
  value: unknown,
  read: (it: any) => unknown = (it) => it[key],
): Operation[1] {
  return (it) => {
    it[key] = value;
    return read(it);
  };
}

const gotten = { get: () => 'got', configurable: true };

const writes: readonly Operation[] = [
  ['a field', written('name', 'eve')],
  ['a new field', written('extra', 'new')],
  ['a new field by symbol', written(Symbol('new'), 'new')],
  ['a setter on a #private field', written('secret', 9)],
  ['a setter without getter', written('writeOnly', 'eve', (it) => it.name)],
  ['a getter without setter', written('readOnly', 'no')],
  ['a fixed field', written('fixed', 9)],
  ['a locked field', written('locked', 9)],
  ['what every object has', written('toString', assigned, (it) => `${it}`)],
  ['then', written('then', 1, (it) => 'then' in it)],
  ['__proto__', written(PROTO, Person.prototype, (it) => ['greet' in it, it.describe()])],
  ['a function for a method', written('greet', assigned, (it) => [same(it.greet, assigned), it.greet()])],
  ['a function for a method of the base', written('describe', assigned, (it) => same(it.describe, assigned))],
  ['a function for a field', written('name', assigned, (it) => same(it.name, assigned))],
  ['a new function', written('handler', assigned, (it) => [same(it.handler, assigned), it.handler()])],
  ['a class', written('Model', Person, (it) => same(it.Model, Person))],
  ['text for a method', written('describe', 'text')],
  ['an array in a field', (it) => [it.list.push(3), it.list]],
  ['Reflect.set', (it) => Reflect.set(it, 'name', 'eve')],
  ['Reflect.set of a fixed field', (it) => Reflect.set(it, 'fixed', 9)],
  ['Object.assign', (it) => Object.assign(it, { name: 'eve', secret: 8, extra: 1 }).secret],
  [
    'Reflect.set with another receiver',
    (it) => {
      const other = {};
      return [Reflect.set(it, 'name', 'eve', other), other];
    },
  ],
  [
    'assignments that read first',
    (it) => {
      it.name += '!';
      it.nothing ??= 'something';
      it.secret++;
      return it.secret;
    },
  ],
];

const deletions: readonly Operation[] = [
  ['delete of a field', (it) => [delete it.name, 'name' in it]],
  ['delete of nothing', (it) => delete it.missing],
  ['delete of a method of the class', (it) => [delete it.greet, it.greet()]],
  ['delete of a locked field', (it) => delete it.locked],
  ['Reflect.deleteProperty of a locked field', (it) => Reflect.deleteProperty(it, 'locked')],
  [
    'delete of a function that hides a method',
    (it) => {
      it.greet = assigned;
      return [it.greet(), delete it.greet, it.greet()];
    },
  ],
];

const definitions: readonly Operation[] = [
  ['a property', (it) => Object.defineProperty(it, 'extra', { value: 1, configurable: true }).extra],
  ['a property without any flag', (it) => Object.defineProperty(it, 'extra', { value: 1 }).extra],
  ['the value of a field', (it) => [Reflect.defineProperty(it, 'name', { value: 'eve' }), it.name]],
  ['an accessor', (it) => Object.defineProperty(it, 'extra', gotten).extra],
  ['an accessor for a method', (it) => Object.defineProperty(it, 'describe', gotten).describe],
  ['a function for a method', (it) => Object.defineProperty(it, 'describe', { value: assigned }).describe()],
  ['text for a method', (it) => Object.defineProperty(it, 'describe', { value: 'text' }).describe],
  ['what is not possible', (it) => Object.defineProperty(it, 'locked', { enumerable: false })],
  ['what is not possible, by Reflect', (it) => Reflect.defineProperty(it, 'locked', gotten)],
  ['several', (it) => Object.defineProperties(it, { extra: { value: 1, enumerable: true } }).extra],
  ['a getter of old', (it) => [call(it, '__defineGetter__', 'extra', () => 'got'), it.extra]],
  ['another prototype', (it) => [Reflect.setPrototypeOf(it, Person.prototype), 'greet' in it]],
  ['another prototype, by Object', (it) => Object.setPrototypeOf(it, Person.prototype)],
];

describe('write', () => describeAsPlain(writes));
describe('delete', () => describeAsPlain(deletions));
describe('define', () => describeAsPlain(definitions));
