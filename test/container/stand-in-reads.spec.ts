// Reads through a stand-in give what reads of the instance give.

import { Caller, SYMBOL } from './stand-in-caller.js';
import { describeAsPlain, type Operation, same } from './stand-in-comparison.js';

const PROTO = '__proto__';

const reads: readonly Operation[] = [
  ['a field', (it) => it.name],
  ['an object in a field', (it) => it.nested.deep],
  ['a field that is undefined', (it) => it.nothing],
  ['a field of the base class', (it) => it.shared],
  ['a field by symbol', (it) => it[SYMBOL]],
  ['a hidden field', (it) => it.hidden],
  ['a missing field', (it) => it.missing],
  ['a missing symbol', (it) => it[Symbol('missing')]],
  ['an index', (it) => it[0]],
  ['a getter on a #private field', (it) => it.secret],
  ['a getter of the base class', (it) => it.inherited],
  ['a property that has only a setter', (it) => it.writeOnly],
  ['a getter that gives the object', (it) => same(it.itself, it)],
  ['a well-known symbol that it lacks', (it) => it[Symbol.toStringTag]],
  ['then', (it) => it.then],
  ['toJSON', (it) => it.toJSON],
  ['onModuleInit', (it) => it.onModuleInit],
  ['destructuring', ({ name, secret, missing = 'default' }) => [name, secret, missing]],
  ['destructuring of the rest', ({ arrow: _, ...rest }) => rest],
  ['optional chaining', (it) => it.missing?.deeper?.still],
  ['Reflect.get', (it) => Reflect.get(it, 'secret')],
  ['Reflect.get with another receiver', (it) => Reflect.get(it, 'inherited', { shared: 'other' })],
  ['Reflect.get of a #private field with another receiver', (it) => Reflect.get(it, 'secret', {})],
  ['Reflect.get of a #private field with another instance', (it) => Reflect.get(it, 'secret', new Caller())],
];

const onTheClass: readonly Operation[] = [
  ['the constructor', (it) => it.constructor],
  ['a static field', (it) => it.constructor.kind],
  ['__proto__', (it) => it[PROTO].constructor],
];

describeAsPlain(reads, onTheClass);
