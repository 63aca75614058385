// The function that a stand-in gives for a method looks like the method.

import { SetMetadata } from '@nestjs/common';
import { Context } from '../../src/core/index.js';
import { type Anything, standInKinds } from './stand-in-comparison.js';
import { standInOf, standInOfClass } from './stand-in-subject.js';

const ROLES = 'roles';

function marked(mark: string): MethodDecorator {
  return (_target, _key, descriptor) => {
    Object.assign(descriptor.value as object, { mark });
  };
}

class Base {
  @SetMetadata(ROLES, ['clerk'])
  refund(_order: string, _amount: number): string {
    return 'refunded by Base';
  }
  @marked('of Base')
  @SetMetadata(ROLES, ['admin'])
  close(): string {
    return 'closed by Base';
  }
}

class Desk extends Base {
  Model = Date;
  handler = () => 'handled';
  override refund(order: string): string {
    return `${super.refund(order, 0)} and Desk`;
  }
}

test('it has the name, the length, the metadata and the own properties of the method, without an instance', () => {
  const { standIn, made } = standInOfClass(Base);
  expect([standIn.refund.name, standIn.refund.length]).toEqual(['refund', 2]);
  expect(Reflect.getMetadata(ROLES, standIn.refund)).toEqual(['clerk']);
  expect(Reflect.getMetadataKeys(standIn.refund)).toEqual(Reflect.getMetadataKeys(Base.prototype.refund));
  expect({ ...standIn.close, name: standIn.close.name }).toEqual({ name: 'close', mark: 'of Base' });
  expect(Reflect.getMetadata(ROLES, standIn.close)).toEqual(['admin']);
  expect(made).toEqual([]);
});

test('metadata of the class and of its members is found through the stand-in', () => {
  class Documented {
    greet(): void {}
  }
  Reflect.defineMetadata('of the class', 1, Documented.prototype);
  Reflect.defineMetadata('of a member', 2, Documented.prototype, 'greet');
  const { standIn, made } = standInOfClass(Documented);
  expect(Reflect.getMetadata('of the class', standIn)).toBe(1);
  expect(Reflect.getMetadata('of a member', standIn, 'greet')).toBe(2);
  expect(made).toEqual([]);
});

test('it is a function that cannot be constructed, and an instance of Function', () => {
  const { standIn } = standInOfClass(Base);
  expect(standIn.refund).toBeInstanceOf(Function);
  expect(Object.hasOwn(standIn.refund, 'prototype')).toBe(false);
  expect(() => Reflect.construct(standIn.refund, [])).toThrow(TypeError);
});

describe.each(standInKinds(Desk))('a stand-in of %s', (_kind, subject) => {
  test('gives a class in a field as it is', () => {
    const { standIn } = subject();
    new Context().run(() => {
      expect(standIn.Model).toBe(Date);
      expect(new standIn.Model(0).toISOString()).toBe('1970-01-01T00:00:00.000Z');
    });
  });

  test('gives one function for what each instance has of its own', () => {
    const { standIn, made } = subject();
    const [first, second] = [0, 1].map(() => new Context().run(() => standIn.handler));
    expect(first).toBe(second);
    expect(first).not.toBe(made[0]?.handler);
    expect([first?.name, first?.length]).toEqual(['handler', 0]);
    expect(new Context().run(() => first?.())).toBe('handled');
  });

  test('gives what a decorator has put on an inherited method', () => {
    const { standIn } = subject();
    new Context().run(() => {
      expect({ ...standIn.close }).toEqual({ mark: 'of Base' });
      expect(standIn.close()).toBe('closed by Base');
      expect(standIn.close).toBe(standIn.close);
      expect(standIn.refund('order')).toBe('refunded by Base and Desk');
    });
  });
});

test('another stand-in in a field is given as it is and not asked anything', () => {
  const inner = standInOf<Anything>(() => () => 'called', { callable: true });
  const outer = standInOf(() => ({ inner: inner.standIn, list: [inner.standIn] }));
  new Context().run(() => {
    expect(outer.standIn.inner).toBe(inner.standIn);
    expect(outer.standIn.list[0]).toBe(inner.standIn);
    expect(inner.made).toEqual([]);
    expect(outer.standIn.inner()).toBe('called');
  });
});

describe('where code must not be made from strings', () => {
  const { Function: original } = globalThis;
  const refusing = new Proxy(original, {
    construct() {
      throw new EvalError('Code generation from strings disallowed for this context');
    },
  });
  beforeAll(() => {
    globalThis.Function = refusing;
  });
  afterAll(() => {
    globalThis.Function = original;
  });

  test('methods work as well', () => {
    expect(() => new Function('return 1')).toThrow(EvalError);
    const { standIn } = standInOf<Base>(() => new Desk(), { type: Base });
    const { refund } = standIn;
    const results = [0, 1].map(() =>
      new Context().run(() => [standIn.refund('order', 1), refund('order', 1)]),
    );
    expect(results.flat()).toEqual(new Array(4).fill('refunded by Base and Desk'));
    expect([refund.name, refund.length]).toEqual(['refund', 2]);
    expect(standIn.refund).toBe(refund);
  });
});
