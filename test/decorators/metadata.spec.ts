// Metadata, name and length of a method survive its decorators, in either order.

import 'reflect-metadata';
import { Controller, Get, HttpCode, Inject, Injectable, SetMetadata, UseGuards } from '@nestjs/common';
import {
  AsUnitOfWork,
  bindContext,
  ContextVar,
  PreserveContext,
  preserveContext,
  WithTempContext,
} from '../../src/core/index.js';

const text = new ContextVar<string>('text');
const PLACE = Symbol('place');

@Injectable()
class Guard {
  canActivate(): boolean {
    return true;
  }
}

const decorators: readonly (readonly [name: string, make: () => MethodDecorator])[] = [
  ['@PreserveContext()', () => PreserveContext()],
  ['@PreserveContext({ background: true })', () => PreserveContext({ background: true })],
  ['@WithTempContext', () => WithTempContext(text.as('temporary'))],
  ['@AsUnitOfWork', () => AsUnitOfWork({ kind: 'test' })],
];

describe.each(decorators)('%s', (_name, make) => {
  const Ours = make;
  const Theirs =
    (order: string): MethodDecorator =>
    (target, key, descriptor) => {
      Get('/orders')(target, key, descriptor);
      HttpCode(202)(target, key, descriptor);
      UseGuards(Guard)(target, key, descriptor);
      SetMetadata('roles', ['clerk'])(target, key, descriptor);
      SetMetadata(PLACE, order)(target, key, descriptor);
    };

  @Controller()
  class Orders {
    @Theirs('above')
    @Ours()
    above(_a: string, _b: number): string {
      return 'result';
    }

    @Ours()
    @Theirs('below')
    below(_a: string, _b: number): string {
      return 'result';
    }

    @SetMetadata('outer', true)
    @Ours()
    @Theirs('between')
    between(_a: string, _b: number): string {
      return 'result';
    }

    @Ours()
    parameter(@Inject('token') _a: string): string {
      return 'result';
    }
  }

  test.each(['above', 'below', 'between'] as const)(
    'keeps the metadata of decorators that stand %s',
    (place) => {
      const method = Orders.prototype[place];
      expect(Reflect.getMetadata('path', method)).toBe('/orders');
      expect(Reflect.getMetadata('method', method)).toBe(0);
      expect(Reflect.getMetadata('__httpCode__', method)).toBe(202);
      expect(Reflect.getMetadata('__guards__', method)).toEqual([Guard]);
      expect(Reflect.getMetadata('roles', method)).toEqual(['clerk']);
      expect(Reflect.getMetadata(PLACE, method)).toBe(place);
      expect(method.name).toBe(place);
      expect(method.length).toBe(2);
      expect(new Orders()[place]('a', 1)).toBe('result');
    },
  );

  test('keeps the metadata of decorators on both sides', () => {
    expect(Reflect.getMetadata('outer', Orders.prototype.between)).toBe(true);
  });

  test('keeps what the compiler says about types', () => {
    expect(Reflect.getMetadata('design:paramtypes', Orders.prototype, 'below')).toEqual([String, Number]);
    expect(Reflect.getMetadata('design:returntype', Orders.prototype, 'below')).toBe(String);
    expect(Reflect.getMetadata('design:paramtypes', Orders.prototype, 'parameter')).toEqual([String]);
  });

  test('can be used twice, and with the others', () => {
    class Twice {
      @Ours()
      @PreserveContext()
      @Ours()
      @SetMetadata('roles', ['clerk'])
      method(_a: string): string {
        return 'result';
      }
    }
    expect(Reflect.getMetadata('roles', Twice.prototype.method)).toEqual(['clerk']);
    expect([Twice.prototype.method.name, Twice.prototype.method.length]).toEqual(['method', 1]);
    expect(new Twice().method('a')).toBe('result');
  });

  test('leaves the method of a parent class alone', () => {
    class Parent {
      method(): string {
        return 'parent';
      }
    }
    class Child extends Parent {
      @Ours()
      override method(): string {
        return `child of ${super.method()}`;
      }
    }
    expect(new Child().method()).toBe('child of parent');
    expect(new Parent().method()).toBe('parent');
  });
});

test.each([
  ['preserveContext', preserveContext],
  ['bindContext', bindContext],
])('%s keeps the metadata of a function', (_name, wrap) => {
  const fn = (_a: string): string => 'result';
  Reflect.defineMetadata('roles', ['clerk'], fn);
  const wrapped = wrap(fn);
  expect(wrapped).not.toBe(fn);
  expect(Reflect.getMetadata('roles', wrapped)).toEqual(['clerk']);
  expect([wrapped.name, wrapped.length, wrapped('a')]).toEqual(['fn', 1, 'result']);
});
