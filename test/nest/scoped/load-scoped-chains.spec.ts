// Asynchronous factories that depend on each other, or that many wait for at once.

import { Inject, Injectable } from '@nestjs/common';
import { ContextModule, ContextScoped, LoadScoped, scopedProvider } from 'nestjs-contextvars';
import { withCode } from '../../core/support/outcome.js';
import { Gate } from '../http/support/gate.js';
import { closeApps, inUnit, startTesting } from './support/application.js';

afterEach(closeApps);

describe('asynchronous factories', () => {
  const order: string[] = [];
  afterEach(() => {
    order.length = 0;
  });
  const later = (provide: string, inject: string[] = [], gate?: Gate) =>
    scopedProvider({
      provide,
      inject,
      useFactory: async (...needed: { name: string }[]) => {
        order.push(`${provide} begins`);
        await gate?.passed;
        order.push(`${provide} ends`);
        return { name: [...needed.map(({ name }) => name), provide].join(' < ') };
      },
    });
  @ContextScoped()
  class Between {
    constructor(@Inject('second') readonly second: { name: string }) {}
    get name(): string {
      return `${this.second.name} < Between`;
    }
  }
  @Injectable()
  class Consumer {
    constructor(
      @Inject('last') readonly last: { name: string },
      readonly between: Between,
    ) {}
    @LoadScoped('last')
    read(): string {
      return this.last.name;
    }
    @LoadScoped(Between)
    readBetween(): string {
      return this.between.name;
    }
  }
  const imports = [
    ContextModule.forFeature([{ provide: 'first', useFactory: async () => ({ name: 'first' }) }]),
  ];

  it('wait for those that they depend on, through modules and context-scoped classes', async () => {
    const last = scopedProvider({
      provide: 'last',
      inject: [Between],
      useFactory: async (between: Between) => ({ name: `${between.name} < last` }),
    });
    const app = await startTesting({
      imports,
      providers: [Consumer, later('second', ['first']), scopedProvider(Between), last],
    });
    expect(await inUnit(() => app.get(Consumer).read())).toBe('first < second < Between < last');
    expect(await inUnit(() => app.get(Consumer).readBetween())).toBe('first < second < Between');
  });

  it('are called once for all who wait at the same time', async () => {
    const gate = new Gate();
    const app = await startTesting({
      providers: [Consumer, later('last', [], gate), later('second'), scopedProvider(Between)],
    });
    const consumer = app.get(Consumer);
    await inUnit(async () => {
      const reads = Promise.all([consumer.read(), consumer.read(), consumer.read()]);
      expect(() => consumer.last.name).toThrow(withCode('ERR_INSTANCE_NOT_LOADED'));
      gate.open();
      expect(await reads).toEqual(['last', 'last', 'last']);
    });
    expect(order).toEqual(['last begins', 'last ends']);
  });
});
