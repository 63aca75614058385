import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ContextModule, createTask, runUnitOfWork, scopedProvider } from 'nestjs-contextvars';
import { Gate } from '../http/support/gate.js';

test('the shutdown waits until the instances of tasks are disposed of', async () => {
  const order: string[] = [];
  const gate = new Gate();
  const lease = {
    use() {},
    async [Symbol.asyncDispose]() {
      await gate.passed;
      order.push('disposed');
    },
  };
  @Module({
    imports: [ContextModule.forRoot()],
    providers: [scopedProvider({ provide: 'LEASE', useFactory: () => lease })],
  })
  class App {}
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  const leased = app.get<typeof lease>('LEASE');
  runUnitOfWork({ kind: 'test' }, () => void createTask(() => leased.use()));
  const closed = app.close().then(() => order.push('closed'));
  setImmediate(() => gate.open());
  await closed;
  expect(order).toEqual(['disposed', 'closed']);
});
