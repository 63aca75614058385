// What Nest does with every provider while it starts, looks around and stops makes no instance, and finds nothing odd.

import { inspect } from 'node:util';
import { Inject, Injectable, type OnModuleInit, Scope } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { ContextScoped, currentUnit, runUnitOfWork, scopedProvider } from 'nestjs-contextvars';
import { closeApps, got, inUnit, starts, startTesting } from './support/application.js';
import { Made } from './support/made.js';

afterEach(closeApps);

const made = new Made();
const hooks: string[] = [];
afterEach(() => {
  made.clear();
  hooks.length = 0;
});

@ContextScoped()
class Session extends made.Noted implements OnModuleInit {
  onModuleInit(): void {
    hooks.push('onModuleInit');
  }
  onApplicationBootstrap(): void {
    hooks.push('onApplicationBootstrap');
  }
  onModuleDestroy(): void {
    hooks.push('onModuleDestroy');
  }
  beforeApplicationShutdown(): void {
    hooks.push('beforeApplicationShutdown');
  }
  onApplicationShutdown(): void {
    hooks.push('onApplicationShutdown');
  }
  read(): string | undefined {
    return this.unit;
  }
}
const session = scopedProvider(Session);
const product = scopedProvider({ provide: 'product', useFactory: () => ({ unit: currentUnit()?.id }) });

describe.each(starts)('an application that %s has started', (_, start) => {
  it('calls no lifecycle hook of what is context-scoped, and awaits none of it', async () => {
    await start({ providers: [session, product] });
    await closeApps();
    expect([hooks, made.instances]).toEqual([[], []]);
  });

  it('can be started and stopped inside a unit of work', async () => {
    await runUnitOfWork({ kind: 'script' }, async () => {
      await start({ providers: [session, product] });
      await closeApps();
      expect([hooks, made.instances]).toEqual([[], []]);
      const app = await start({ providers: [session, product] });
      expect(app.get(Session).read()).toBe(currentUnit()?.id);
      expect(got<{ unit: string }>(app, 'product').unit).toBe(currentUnit()?.id);
    });
    expect([made.instances.length, made.disposed.length]).toEqual([1, 1]);
  });

  it('shows what is context-scoped to discovery, with its class and its methods', async () => {
    const app = await start({ imports: [DiscoveryModule], providers: [session, product] });
    const found = app.get(DiscoveryService).getProviders();
    const { instance } = found.find(({ token }) => token === Session) ?? {};
    expect(instance).toBe(app.get(Session));
    expect(instance).toBeInstanceOf(Session);
    expect(instance.constructor).toBe(Session);
    expect(new MetadataScanner().getAllMethodNames(Object.getPrototypeOf(instance))).toContain('read');
    for (const { instance } of found) {
      if (instance === null || typeof instance !== 'object') continue;
      // As tools that look through all providers do.
      for (const key of ['constructor', '__defineGetter__', 'toString', 'then', 'toJSON'])
        Reflect.get(instance, key);
      inspect(instance);
    }
    expect(made.instances).toEqual([]);
  });
});

describe('who holds it', () => {
  @Injectable({ scope: Scope.TRANSIENT })
  class PerConsumer {
    constructor(readonly session: Session) {}
  }
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest {
    constructor(
      readonly session: Session,
      @Inject('product') readonly product: { unit: string },
    ) {}
  }
  @Injectable()
  class Consumer {
    constructor(
      readonly one: PerConsumer,
      readonly session: Session,
      readonly moduleRef: ModuleRef,
    ) {}
  }

  it('can be a singleton, transient, request-scoped or made by ModuleRef', async () => {
    class MadeLater {
      constructor(@Inject(Session) readonly session: Session) {}
    }
    const app = await startTesting({ providers: [session, product, PerConsumer, PerRequest, Consumer] });
    const consumer = app.get(Consumer);
    const perRequest = await app.resolve(PerRequest);
    const later = await consumer.moduleRef.create(MadeLater);
    const held = [
      consumer.session,
      consumer.one.session,
      perRequest.session,
      later.session,
      app.get(Session),
    ];
    expect(new Set(held).size).toBe(1);
    inUnit(() => {
      expect(held.map((each) => each.identity === held[0]?.identity)).toEqual(held.map(() => true));
      expect(perRequest.product.unit).toBe(currentUnit()?.id);
    });
    expect(made.instances).toHaveLength(1);
  });
});
