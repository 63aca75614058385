// One Fastify application for scoped-providers.mjs: a singleton that holds so many repositories, of which a request
// uses one. The arguments say how the repositories are provided, and how many. Tells its port and CPU time as
// cpu-report.mjs does.

import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { reportCpu } from './cpu-report.mjs';

const [kind, count] = [process.argv[2], Number(process.argv[3])];

/** How a repository is declared, and what the application imports for it. */
const kinds = {
  singletons: { decorate: Injectable(), imports: () => [], provide: (types) => types },
  'scope-request': {
    decorate: Injectable({ scope: Scope.REQUEST }),
    imports: () => [],
    provide: (types) => types,
  },
  'nestjs-cls': await nestjsCls(),
  'nestjs-contextvars': await nestjsContextvars(),
};

/** Imported only where they are used: nestjs-cls turns on its AsyncLocalStorage when it is loaded. */
async function nestjsCls() {
  if (kind !== 'nestjs-cls') return undefined;
  const { ClsModule, InjectableProxy } = await import('nestjs-cls');
  return {
    decorate: InjectableProxy(),
    imports: (types) => [
      ClsModule.forRoot({ global: true, middleware: { mount: true, generateId: true } }),
      ClsModule.forFeature(...types),
    ],
    provide: () => [],
  };
}

async function nestjsContextvars() {
  if (kind !== 'nestjs-contextvars') return undefined;
  const { ContextModule, ContextScoped, scopedProvider } = await import('nestjs-contextvars');
  return {
    decorate: ContextScoped(),
    // As the rivals, which answer without ids too.
    imports: () => [ContextModule.forRoot({ respondWithIds: false })],
    provide: (types) => types.map(scopedProvider),
  };
}

const { decorate, imports, provide } = kinds[kind];
const repositories = Array.from({ length: count }, (_, i) => {
  // A class each, with a name and a field of its own.
  const type = {
    [`Repository${i}`]: class {
      calls = 0;

      next() {
        this.calls += 1;
        return { hello: kind === 'singletons' || this.calls === 1 ? 'world' : 'crossed' };
      }
    },
  }[`Repository${i}`];
  decorate(type);
  return type;
});

class Orders {
  constructor(...all) {
    this.repositories = all;
  }

  next() {
    return this.repositories[0].next();
  }
}
Injectable()(Orders);
repositories.forEach((type, i) => void Inject(type)(Orders, undefined, i));

class HelloController {
  constructor(orders) {
    this.orders = orders;
  }

  hello() {
    return this.orders.next();
  }
}
Inject(Orders)(HelloController, undefined, 0);
Get('hello')(HelloController.prototype, 'hello', { value: HelloController.prototype.hello });
Controller()(HelloController);

class AppModule {}
Module({
  imports: imports(repositories),
  providers: [...provide(repositories), Orders],
  controllers: [HelloController],
})(AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
reportCpu(app);
