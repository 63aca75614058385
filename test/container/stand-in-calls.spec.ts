// Calls through a stand-in do what calls on the instance do.

import { Caller } from './stand-in-caller.js';
import { describeAsPlain, type Operation, same } from './stand-in-comparison.js';

const calls: readonly Operation[] = [
  ['a method on a #private field', (it) => it.greet()],
  ['a method with more arguments than parameters', (it) => it.greet('hi', 1, 2)],
  ['fewer arguments than parameters', (it) => it.rename().name],
  ['how many arguments were passed', (it) => [it.counted(), it.counted(undefined), it.counted(1, 2, 3)]],
  ['a method of the base class', (it) => it.describe()],
  ['a method that calls super', (it) => it.overridden()],
  ['a method that throws', (it) => it.fails()],
  ['a method that gives the object', (it) => same(it.rename('eve'), it)],
  ['fluent calls', (it) => it.rename('eve').rename('mia').greet()],
  ['an async method', (it) => it.later()],
  ['a generator', (it) => [...it.numbers()]],
  ['an arrow function', (it) => it.arrow('hey')],
  ['an extracted arrow function', ({ arrow }) => arrow()],
  ['a method by computed name', (it) => it[['gr', 'eet'].join('')]('computed')],
  ['call with the object', (it) => it.greet.call(it, 'called')],
  ['apply with the object', (it) => it.greet.apply(it, ['applied', 1])],
  ['bind to the object', (it) => it.greet.bind(it, 'bound')()],
  ['call with another instance', (it) => it.greet.call(new Caller().rename('eve'))],
  ['Reflect.apply', (it) => Reflect.apply(it.greet, it, ['reflected'])],
  ['a missing method', (it) => it.missing()],
  ['a field as method', (it) => it.name()],
  ['an optional call', (it) => it.missing?.()],
  ['new on a method', (it) => new it.greet()],
  ['names and lengths', (it) => [it.greet, it.rename, it.arrow].map(({ name, length }) => [name, length])],
  ['typeof a method', (it) => typeof it.greet],
  ['a method is the same at each read', (it) => same(it.greet, it.greet)],
  ['the brand of a #private field', (it) => it.isMine(new Caller())],
];

describeAsPlain(calls);
