// What can be asked of an instance and what it is turned into, a stand-in answers as the instance.

import { Caller, Person, SYMBOL } from './stand-in-caller.js';
import { call, describeAsPlain, type Operation, same } from './stand-in-comparison.js';

const flags = (it: object, key: string) => {
  const { configurable: _, ...rest } = Object.getOwnPropertyDescriptor(it, key) ?? {};
  return rest;
};

const isNoFunction = (value: unknown) => typeof value !== 'function';

const questions: readonly Operation[] = [
  ['typeof', (it) => typeof it],
  ['instanceof another class', (it) => it instanceof Map],
  ['in: a field', (it) => 'name' in it],
  ['in: a method', (it) => 'describe' in it],
  ['in: a getter', (it) => 'secret' in it],
  ['in: a symbol', (it) => SYMBOL in it],
  ['in: what every object has', (it) => 'toString' in it],
  ['in: nothing', (it) => 'missing' in it],
  ['in: then', (it) => 'then' in it],
  ['Object.hasOwn', (it) => ['name', 'greet', 'secret', 'hidden', 'no'].map((key) => Object.hasOwn(it, key))],
  ['hasOwnProperty', (it) => [call(it, 'hasOwnProperty', 'name'), call(it, 'hasOwnProperty', 'greet')]],
  ['propertyIsEnumerable', (it) => ['name', 'hidden'].map((key) => call(it, 'propertyIsEnumerable', key))],
  ['isPrototypeOf', (it) => [call(it, 'isPrototypeOf', Object.create(it)), call(it, 'isPrototypeOf', {})]],
  ['Object.keys', (it) => Object.keys(it)],
  ['Object.values', (it) => Object.values(it).filter(isNoFunction)],
  ['Object.entries', (it) => Object.entries(it).filter(([, value]) => isNoFunction(value))],
  ['Object.getOwnPropertyNames', (it) => Object.getOwnPropertyNames(it)],
  ['Object.getOwnPropertySymbols', (it) => Object.getOwnPropertySymbols(it)],
  ['Reflect.ownKeys', (it) => Reflect.ownKeys(it)],
  ['the descriptor of a field', (it) => Object.getOwnPropertyDescriptor(it, 'name')],
  ['the descriptor of a hidden field', (it) => Object.getOwnPropertyDescriptor(it, 'hidden')],
  ['the descriptor of a fixed field', (it) => Object.getOwnPropertyDescriptor(it, 'fixed')],
  ['the descriptor of a method', (it) => Object.getOwnPropertyDescriptor(it, 'greet')],
  ['the descriptor of nothing', (it) => Object.getOwnPropertyDescriptor(it, 'missing')],
  ['a descriptor but for whether it can be configured', (it) => flags(it, 'locked')],
  ['isExtensible', (it) => Object.isExtensible(it)],
  ['isFrozen', (it) => Object.isFrozen(it)],
  ['isSealed', (it) => Object.isSealed(it)],
];

const conversions: readonly Operation[] = [
  ['spread into an object', (it) => ({ ...it, arrow: undefined })],
  ['Object.assign', (it) => Object.assign({}, it, { arrow: undefined })],
  ['JSON.stringify', (it) => JSON.stringify(it)],
  ['JSON.stringify of what holds it', (it) => JSON.stringify({ it, list: [it] }, null, 2)],
  ['JSON.stringify with chosen keys', (it) => JSON.stringify(it, ['name', 'list'])],
  [
    'for..in',
    (it) => {
      const keys: string[] = [];
      for (const key in it) keys.push(key);
      return keys;
    },
  ],
  ['a string', (it) => `${it}`],
  ['a number', (it) => Number(it)],
  ['toString', (it) => it.toString()],
  ['toLocaleString', (it) => it.toLocaleString()],
  ['valueOf', (it) => same(it.valueOf(), it)],
  ['Object.prototype.toString', (it) => Object.prototype.toString.call(it)],
  ['truth', (it) => Boolean(it)],
  ['identity', (it) => Object.is(it, it.valueOf())],
  ['a key of a Map', (it) => new Map([[it, 'found']]).get(it)],
  ['a key of a WeakMap', (it) => new WeakMap([[it, 'found']]).get(it)],
  ['await', async (it) => same(await it, it)],
];

const onTheClass: readonly Operation[] = [
  ['instanceof the class', (it) => it instanceof Caller],
  ['instanceof the base class', (it) => it instanceof Person],
];

describeAsPlain([...questions, ...conversions], onTheClass);
