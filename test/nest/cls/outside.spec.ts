// Work that was bound outside any context stays outside, also where nestjs-cls has a store.

import { EventEmitter } from 'node:events';
import { ClsServiceManager } from 'nestjs-cls';
import { bindEmitter, ContextModule, ContextVar, currentUnit, runUnitOfWork } from 'nestjs-contextvars';

const tenant = new ContextVar<string>('tenant', { default: 'none' });

test('a listener that was bound outside runs outside, whatever it opens and leaves running', async () => {
  expect(ContextModule).toBeDefined();
  const bus = bindEmitter(new EventEmitter());
  const seen: unknown[] = [];
  const look = (): void =>
    void seen.push([currentUnit()?.id, tenant.get(), ClsServiceManager.getClsService().isActive()]);
  bus.on('message', () => {
    look();
    runUnitOfWork({ kind: 'message' }, () => {});
    look();
    setImmediate(look);
    expect(() => tenant.set('globex')).toThrow(expect.objectContaining({ code: 'ERR_NO_ACTIVE_CONTEXT' }));
  });
  await runUnitOfWork({ kind: 'http', id: 'request-A' }, async () => {
    tenant.set('acme');
    bus.emit('message');
    expect(tenant.get()).toBe('acme');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(tenant.get()).toBe('acme');
    expect(ClsServiceManager.getClsService().getId()).toBe('request-A');
  });
  expect(seen).toEqual([
    [undefined, 'none', false],
    [undefined, 'none', false],
    [undefined, 'none', false],
  ]);
});
