// A module that is loaded in a request: what it starts belongs to all requests, and must not keep the context of that one.

import { Controller, Get, Injectable, Module, Param } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { ContextVar, currentUnit, RequestContext, runUnitOfWork, type UnitOfWork } from 'nestjs-contextvars';
import { withCode } from '../../core/support/outcome.js';
import { adapters } from '../http/support/adapters.js';
import { until } from '../http/support/until.js';
import { startApp, stopApps } from '../module/support/running-app.js';
import { startTesting } from '../scoped/support/application.js';

afterEach(stopApps);

const user = new ContextVar<string>('user', { default: 'nobody' });

/** Where its parts have been run, as `who sees what`. */
let seen: string[] = [];
let units: (UnitOfWork | undefined)[] = [];
let timers: NodeJS.Timeout[] = [];
beforeEach(() => {
  seen = [];
  units = [];
  timers = [];
});
afterEach(() => {
  for (const timer of timers) clearInterval(timer);
});
const look = (where: string) => {
  seen.push(`${where} ${user.get()}`);
  units.push(currentUnit());
};

/** A module of its own for each test: Nest loads one but once. */
function makeLazyModule() {
  @Injectable()
  class Poller {
    constructor() {
      look('constructor');
      timers.push(setInterval(() => look('timer'), 1));
      void Promise.resolve().then(() => look('promise'));
    }
    who() {
      return user.get();
    }
  }
  @Module({
    providers: [
      Poller,
      {
        provide: 'connection',
        useFactory: async () => {
          look('factory');
          await null;
          look('factory, later');
          return {};
        },
      },
    ],
  })
  class LazyModule {
    constructor() {
      look('module');
    }
  }
  return { LazyModule, Poller };
}

describe.each(adapters)('in a request on %s', (adapter) => {
  it('is evaluated and built outside it, and the request goes on in its own context', async () => {
    const { LazyModule, Poller } = makeLazyModule();
    @Controller()
    class Desk {
      constructor(private readonly loader: LazyModuleLoader) {}
      @Get(':user')
      async desk(@Param('user') name: string) {
        user.set(name);
        const module = await this.loader.load(async () => {
          look('import');
          return LazyModule;
        });
        return `${module.get(Poller).who()} in ${currentUnit()?.kind}`;
      }
    }
    const app = await startApp(adapter, { controllers: [Desk] });
    const answers = await Promise.all(['ada', 'bob'].map((name) => app.get(`/${name}`)));
    expect(answers.map(({ text }) => text)).toEqual(['ada in http', 'bob in http']);
    expect((await app.get('/eve')).text).toBe('eve in http');
    await until('the timer has fired', () => seen.includes('timer nobody'));
    expect(new Set(seen)).toEqual(
      new Set(
        ['import', 'module', 'constructor', 'promise', 'factory', 'factory, later', 'timer'].map(
          (where) => `${where} nobody`,
        ),
      ),
    );
    expect(new Set(units)).toEqual(new Set([undefined]));
  });
});

it('that reads the context while it is built says that there is none', async () => {
  @Injectable()
  class Nosy {
    readonly id: string;
    constructor(context: RequestContext) {
      this.id = context.id;
    }
  }
  @Module({ providers: [Nosy] })
  class LazyModule {}
  const app = await startTesting({});
  const loading = runUnitOfWork({ kind: 'request' }, () => app.get(LazyModuleLoader).load(() => LazyModule));
  await expect(loading).rejects.toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
  await app.close();
});

it('is built in the context of the request where ContextModule is not imported', async () => {
  const { LazyModule } = makeLazyModule();
  const app = await Test.createTestingModule({}).compile();
  await runUnitOfWork({ kind: 'request' }, () => {
    user.set('ada');
    return app.get(LazyModuleLoader).load(() => LazyModule);
  });
  // What is measured against: without it, the tests above would tell nothing.
  expect(seen).toContain('constructor ada');
  await app.close();
});
