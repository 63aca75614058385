// A dependency cycle keeps the application from starting, and is printed as a closed path.

import { Inject, Injectable, type Type } from '@nestjs/common';
import { ContextModule, ContextScoped, scopedProvider } from 'nestjs-contextvars';
import { withCode } from '../../core/support/outcome.js';
import {
  closeApps,
  got,
  inUnit,
  moduleOf,
  refusalOf,
  startScript,
  startWithoutContext,
} from './support/application.js';

afterEach(closeApps);

/** A class that depends on `tokens`, which may be declared later. */
function dependent(name: string, tokens: readonly unknown[], decorate: ClassDecorator): Type<object> {
  const type = {
    [name]: class {
      readonly dependencies: unknown[];
      constructor(...dependencies: unknown[]) {
        this.dependencies = dependencies;
      }
    },
  }[name] as Type<object>;
  tokens.forEach((token, index) => {
    Inject(token as never)(type, undefined, index);
  });
  decorate(type);
  return type;
}
const scoped = (name: string, ...tokens: unknown[]) => dependent(name, tokens, ContextScoped());
const singleton = (name: string, ...tokens: unknown[]) => dependent(name, tokens, Injectable());
const cart = (useClass: Type<object>) => scopedProvider({ provide: useClass.name, useClass });

function refusedPath(path: string): object {
  return {
    name: 'ContextError',
    code: 'ERR_DEPENDENCY_CYCLE',
    message: `Context-scoped providers depend on each other: ${path}; take one of them out, or put forwardRef on one and use it after construction.`,
  };
}

it('of one class with itself', async () => {
  const refused = await refusalOf({ providers: [cart(scoped('A', 'A'))] });
  expect(refused).toMatchObject(refusedPath('A -> A'));
});

it('of two classes', async () => {
  const providers = [cart(scoped('A', 'B')), cart(scoped('B', 'A'))];
  expect(await refusalOf({ providers })).toMatchObject(refusedPath('A -> B -> A'));
  expect(await refusalOf({ providers }, startScript)).toMatchObject(refusedPath('A -> B -> A'));
});

it('of three classes, without the ones that lead to it and the ones beside it', async () => {
  const refused = await refusalOf({
    providers: [
      cart(scoped('Entry', 'Beside', 'A')),
      cart(scoped('A', 'Beside', 'B')),
      cart(scoped('B', 'C', 'Beside')),
      cart(scoped('C', 'A')),
      cart(scoped('Beside')),
    ],
  });
  expect(refused).toMatchObject(refusedPath('A -> B -> C -> A'));
});

it('by a property', async () => {
  const A = scoped('A', 'B');
  const B = scoped('B');
  Inject('A')(B.prototype, 'a');
  expect(await refusalOf({ providers: [cart(A), cart(B)] })).toMatchObject(refusedPath('A -> B -> A'));
});

it('through a singleton', async () => {
  const refused = await refusalOf({
    providers: [cart(scoped('A', 'S')), { provide: 'S', useClass: singleton('S', 'A') }],
  });
  expect(refused).toMatchObject(refusedPath('A -> S -> A'));
});

it('through a factory of Nest, a property of a singleton and an alias', async () => {
  const Holder = singleton('Holder');
  Inject('made')(Holder.prototype, 'made');
  const refused = await refusalOf({
    providers: [
      cart(scoped('A', 'holder')),
      { provide: 'holder', useClass: Holder },
      { provide: 'made', useFactory: () => ({}), inject: ['alias'] },
      { provide: 'alias', useExisting: 'A' },
    ],
  });
  expect(refused).toMatchObject(refusedPath('A -> holder -> made -> A'));
});

it('through factories of what is context-scoped', async () => {
  const useFactory = () => ({});
  const refused = await refusalOf({
    providers: [
      scopedProvider({ provide: 'first', useFactory, inject: ['second'] }),
      scopedProvider({ provide: Symbol.for('a symbol'), useFactory, inject: ['first'] }),
      scopedProvider({
        provide: 'second',
        useFactory,
        inject: [{ token: Symbol.for('a symbol'), optional: true }],
      }),
    ],
  });
  expect(refused).toMatchObject(refusedPath('first -> second -> a symbol -> first'));
});

it('through modules', async () => {
  const Inner = moduleOf('Inner', {
    imports: [{ forwardRef: () => Outer }],
    providers: [cart(scoped('A', 'B'))],
    exports: ['A'],
  });
  const Outer: Type = moduleOf('Outer', {
    imports: [{ forwardRef: () => Inner }],
    providers: [{ provide: 'S', useClass: singleton('S', 'A') }, cart(scoped('B', 'S'))],
    exports: ['B'],
  });
  expect(await refusalOf({ imports: [Inner, Outer] })).toMatchObject(refusedPath('A -> B -> S -> A'));
});

it('classes of one name in a row are none', async () => {
  const app = await startScript({
    providers: [
      scopedProvider({ provide: 'first', useClass: scoped('Same', 'second') }),
      scopedProvider({ provide: 'second', useClass: scoped('Same', 'third') }),
      scopedProvider({ provide: 'third', useClass: scoped('Same') }),
    ],
  });
  inUnit(() => {
    const { dependencies } = got<{ dependencies: { dependencies: unknown[] }[] }>(app, 'first');
    expect(dependencies[0]?.dependencies).toEqual([got(app, 'third')]);
  });
});

it('the same class in two modules, once depending on itself in the other one, is none', async () => {
  const A = scoped('A', 'inner');
  const Inner = moduleOf('Inner', {
    providers: [{ provide: 'inner', useValue: 'nothing further' }, cart(A)],
    exports: ['A'],
  });
  const app = await startScript({
    imports: [Inner],
    providers: [scopedProvider({ provide: 'A of app', useClass: A }), { provide: 'inner', useExisting: 'A' }],
  });
  inUnit(() => {
    const [inner] = got<{ dependencies: { dependencies: unknown[] }[] }>(app, 'A of app').dependencies;
    expect(inner?.dependencies).toEqual(['nothing further']);
  });
});

it('where no ContextModule looks at the start, it is an error at the first use that needs it', async () => {
  @ContextScoped()
  class A {
    constructor(@Inject('B') readonly b: { name: string }) {
      expect(b.name).toBe('B');
    }
  }
  @ContextScoped()
  class B {
    readonly name = 'B';
    constructor(@Inject(A) readonly a: { b: unknown }) {
      expect(a.b).toBeDefined();
    }
  }
  const app = await startWithoutContext({
    imports: [ContextModule.forFeature([A, { provide: 'B', useClass: B }])],
  });
  inUnit(() => {
    const use = () => got<A>(app, A).b;
    expect(use).toThrow(withCode('ERR_DEPENDENCY_CYCLE'));
    expect(use).toThrow('A -> B -> A');
    // And nothing of the failed attempt is left.
    expect(use).toThrow('A -> B -> A');
  });
});
