// A request that another library's context keeps from being opened is answered, and keeps nothing from the next one.

import { Controller, Get } from '@nestjs/common';
import { ContextVar, currentUnit, registerForeignContext, type UnitOfWork } from 'nestjs-contextvars';
import { adapters } from '../nest/http/support/adapters.js';
import { startApp, stopApps } from '../nest/module/support/running-app.js';

const tenant = new ContextVar<string>('tenant');
const handled: (UnitOfWork | undefined)[] = [];

@Controller()
class ReadingController {
  @Get('read')
  read(): string {
    handled.push(currentUnit());
    return tenant.get();
  }
}

type Hook = 'run' | 'fork';

/** The hook that fails, and how often. */
const armed: { hook?: Hook; times: number; units: UnitOfWork[] } = { times: 0, units: [] };
const reach = (hook: Hook) => {
  if (armed.hook !== hook || armed.times === 0) return;
  armed.times -= 1;
  throw new Error(`${hook} failed`);
};

beforeAll(() =>
  registerForeignContext<object>({
    name: 'fails',
    capture: () => undefined,
    run: (_state, fn) => {
      reach('run');
      return fn();
    },
    fork: (_state, unit) => {
      if (unit.kind === 'http') armed.units.push(unit);
      reach('fork');
      return {};
    },
  }),
);
afterEach(stopApps);

describe.each(adapters)('on %s', (adapter) => {
  const start = () =>
    startApp(adapter, {
      controllers: [ReadingController],
      options: {
        setup: (context, request) => void context.set(tenant, String(request.headers['x-tenant'])),
      },
    });

  test.each<[Hook, string, number]>([
    ['fork', 'once', 1],
    ['fork', 'each time', Number.POSITIVE_INFINITY],
    ['run', 'once', 1],
    ['run', 'each time', Number.POSITIVE_INFINITY],
  ])(
    '%s that fails %s: a 500, no handler, no unit that is left open, and the next request',
    async (hook, _often, times) => {
      const app = await start();
      handled.length = 0;
      Object.assign(armed, { hook, times, units: [] });
      const failed = await app.get('/read', { 'x-tenant': 'first' });
      expect(failed.status).toBe(500);
      expect(handled).toEqual([]);
      expect(armed.units.filter((unit) => hook === 'run' && !unit.ended)).toEqual([]);

      armed.times = 0;
      const next = await app.get('/read', { 'x-tenant': 'second' });
      expect([next.status, next.text]).toEqual([200, 'second']);
      expect(handled).toHaveLength(1);
    },
  );
});
