// What Nest makes per request or per consumer cannot be a part of an instance that Nest does not make.

import { forwardRef, Inject, Injectable, Optional, Scope, type Type } from '@nestjs/common';
import { INQUIRER, REQUEST } from '@nestjs/core';
import { ContextModule, ContextScoped, scopedProvider } from 'nestjs-contextvars';
import {
  closeApps,
  moduleOf,
  type Refusal,
  refusalOf,
  startScript,
  startTesting,
} from './support/application.js';

afterEach(closeApps);

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

@Injectable()
class LooksLikeASingleton {
  constructor(readonly perRequest: PerRequest) {}
}

@Injectable()
class DeepDown {
  @Inject() readonly inner!: LooksLikeASingleton;
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable {}

@Injectable({ scope: Scope.TRANSIENT })
class PerConsumer {}

@Injectable()
class HoldsTransient {
  constructor(readonly perConsumer: PerConsumer) {}
}

const all = [PerRequest, LooksLikeASingleton, DeepDown, Durable, PerConsumer, HoldsTransient];

function cartWith(token: unknown): Type<object> {
  @ContextScoped()
  class Cart {
    constructor(@Inject(token as Type) readonly dependency: unknown) {}
  }
  return Cart;
}

/** What a start says where Cart depends on `token`. */
const refusedWith = (token: unknown, ...providers: object[]): Promise<Refusal> =>
  refusalOf({ providers: [...all, ...(providers as never[]), scopedProvider(cartWith(token))] });

describe('a request-scoped dependency keeps the application from starting, with path and remedy', () => {
  it.each([
    ['directly', PerRequest, 'Cart -> PerRequest'],
    ['that is durable', Durable, 'Cart -> Durable'],
    ['of what it depends on', LooksLikeASingleton, 'Cart -> LooksLikeASingleton -> PerRequest'],
    ['further down', DeepDown, 'Cart -> DeepDown -> LooksLikeASingleton -> PerRequest'],
  ])('%s', async (_, type, path) => {
    const refused = await refusedWith(type);
    const name = path.split(' -> ').at(-1);
    expect(refused).toMatchObject({ name: 'ContextError', code: 'ERR_UNSUPPORTED_DEPENDENCY' });
    expect(refused.message).toBe(
      `Context-scoped 'Cart' depends on request-scoped '${name}' (${path}); make '${name}' context-scoped with @ContextScoped() and scopedProvider.`,
    );
  });

  it('further down, where providers depend on each other', async () => {
    @Injectable()
    class Left {
      constructor(@Inject(forwardRef(() => Right)) readonly right: unknown) {}
    }
    @Injectable()
    class Right {
      constructor(
        @Inject(forwardRef(() => Left)) readonly left: unknown,
        @Optional() @Inject('absent') readonly absent: unknown,
        readonly perRequest: PerRequest,
      ) {}
    }
    const refused = await refusedWith(Left, Left, Right);
    expect(refused.message).toContain('(Cart -> Left -> Right -> PerRequest)');
  });

  it('REQUEST itself, with RequestContext in its place', async () => {
    const refused = await refusedWith(REQUEST);
    expect(refused).toMatchObject({
      code: 'ERR_UNSUPPORTED_DEPENDENCY',
      message:
        "Context-scoped 'Cart' depends on request-scoped 'REQUEST' (Cart -> REQUEST); inject RequestContext and read its `request`.",
    });
  });

  it('behind an alias', async () => {
    const refused = await refusedWith('alias', { provide: 'alias', useExisting: PerRequest });
    expect(refused).toMatchObject({
      code: 'ERR_UNSUPPORTED_DEPENDENCY',
      message: expect.stringContaining("request-scoped 'PerRequest' (Cart -> PerRequest)"),
    });
  });

  it('of a factory, whatever its product is called', async () => {
    const inject = [PerRequest];
    const factory = { provide: 'basket', useFactory: () => ({}), inject };
    const refused = await refusalOf({ providers: [PerRequest, scopedProvider(factory)] });
    expect(refused).toMatchObject({
      code: 'ERR_UNSUPPORTED_DEPENDENCY',
      message: expect.stringContaining(
        "'basket' depends on request-scoped 'PerRequest' (basket -> PerRequest)",
      ),
    });
  });

  it('that another module exports', async () => {
    const Sessions = moduleOf('Sessions', { providers: [PerRequest], exports: [PerRequest] });
    const imports = [Sessions];
    const feature = ContextModule.forFeature([cartWith(PerRequest)], { imports });
    expect(await refusalOf({ imports: [feature] })).toMatchObject({ code: 'ERR_UNSUPPORTED_DEPENDENCY' });
  });

  it('of an application that NestFactory makes', async () => {
    const providers = [PerRequest, scopedProvider(cartWith(PerRequest))];
    expect(await refusalOf({ providers }, startScript)).toMatchObject({ code: 'ERR_UNSUPPORTED_DEPENDENCY' });
  });

  it('declared by forwardRef, or optional: it is there, and cannot be given', async () => {
    @ContextScoped()
    class Cart {
      constructor(@Optional() @Inject(forwardRef(() => PerRequest)) readonly dependency: unknown) {}
    }
    expect(await refusalOf({ providers: [PerRequest, scopedProvider(Cart)] })).toMatchObject({
      code: 'ERR_UNSUPPORTED_DEPENDENCY',
    });
  });
});

describe('a transient dependency keeps the application from starting, with path and remedy', () => {
  it('directly', async () => {
    const refused = await refusedWith(PerConsumer);
    expect(refused).toMatchObject({ name: 'ContextError', code: 'ERR_UNSUPPORTED_DEPENDENCY' });
    expect(refused.message).toContain(
      "Context-scoped 'Cart' depends on transient 'PerConsumer' (Cart -> PerConsumer)",
    );
    expect(refused.message).toContain("make 'PerConsumer' a singleton, or context-scoped");
  });

  it('behind an alias, by forwardRef too', async () => {
    for (const useExisting of [PerConsumer, { forwardRef: () => PerConsumer }]) {
      const refused = await refusedWith('alias', { provide: 'alias', useExisting });
      expect(refused).toMatchObject({
        code: 'ERR_UNSUPPORTED_DEPENDENCY',
        message: expect.stringContaining("transient 'PerConsumer'"),
      });
    }
  });

  it('INQUIRER: what is injected into many has no one who asks for it', async () => {
    const refused = await refusedWith(INQUIRER);
    expect(refused).toMatchObject({
      code: 'ERR_UNSUPPORTED_DEPENDENCY',
      message:
        "Context-scoped 'Cart' depends on transient 'INQUIRER' (Cart -> INQUIRER); all who inject it share one, so nobody in particular asks: pass what you need of the consumer as an argument.",
    });
  });
});

it('a singleton that holds a transient one is a dependency like any other', async () => {
  await startTesting({ providers: [...all, scopedProvider(cartWith(HoldsTransient))] });
});
