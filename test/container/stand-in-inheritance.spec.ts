// An object made from a stand-in is to it what one made from an instance is to that.

import { Caller } from './stand-in-caller.js';
import { describeAsPlain, type Operation, withOwn } from './stand-in-comparison.js';

const operations: readonly Operation[] = [
  ['reads', (it) => Object.create(it).name],
  ['calls', (it) => withOwn(it, { shared: 'its own' }).describe()],
  ['calls an arrow function', (it) => withOwn(it, { name: 'its own' }).arrow()],
  ['reads a getter', (it) => withOwn(it, { shared: 'its own' }).inherited],
  ['calls a method on a #private field', (it) => Object.create(it).greet()],
  ['reads a getter on a #private field', (it) => Object.create(it).secret],
  ['writes to itself', (it) => [withOwn(it, { name: 'own' }).name, it.name]],
  ['gets new properties of its own', (it) => Object.keys(withOwn(it, { extra: 1 }))],
  ['writes to a setter', (it) => Object.keys(withOwn(it, { writeOnly: 'eve' }))],
  ['writes to a fixed field', (it) => withOwn(it, { fixed: 9 })],
  ['gives itself from a fluent method', (it) => withOwn(it, {}).rename('eve').name],
  ['JSON.stringify', (it) => JSON.stringify(withOwn(it, { extra: 1 }))],
  [
    'calls what it hides',
    (it) => {
      const hiding = withOwn(it, { shared: 'its own' });
      hiding.describe = () => `more than ${it.describe.call(hiding)}`;
      return hiding.describe();
    },
  ],
];

const onTheClass: readonly Operation[] = [['is of the class', (it) => Object.create(it) instanceof Caller]];

describeAsPlain(operations, onTheClass);
