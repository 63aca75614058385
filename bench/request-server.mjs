// One Fastify application for requests.mjs, which names the variant. Tells its port and CPU time as cpu-report.mjs does.

import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { reportCpu } from './cpu-report.mjs';

const variant = process.argv[2];

class HelloController {
  hello() {
    return { hello: 'world' };
  }
}
Get('hello')(HelloController.prototype, 'hello', { value: HelloController.prototype.hello });
Controller()(HelloController);

/** Imported only where it is used: nestjs-cls turns on its AsyncLocalStorage when it is loaded. */
async function contextModule(options) {
  const { ContextModule, ContextVar } = await import('nestjs-contextvars');
  const tenant = new ContextVar('tenant');
  const setup = (context, request) => void context.set(tenant, request.headers['x-tenant'] ?? 'acme');
  return ContextModule.forRoot({ setup, ...options });
}

async function clsModule() {
  const { ClsModule } = await import('nestjs-cls');
  return ClsModule.forRoot({
    global: true,
    middleware: {
      mount: true,
      generateId: true,
      idGenerator: () => randomUUID(),
      setup: (cls, request, response) => {
        cls.set('tenant', request.headers['x-tenant'] ?? 'acme');
        response.setHeader('x-request-id', cls.getId());
      },
    },
  });
}

const modules = {
  'nestjs-cls': clsModule,
  'nestjs-contextvars': contextModule,
  'without-answer': () => contextModule({ respondWithIds: false }),
  'with-onEnd': () => contextModule({ onEnd: () => {} }),
};
const imports = variant in modules ? [await modules[variant]()] : [];

class AppModule {}
Module({ imports, controllers: [HelloController] })(AppModule);

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
if (variant === 'floor') {
  const als = new AsyncLocalStorage();
  const server = app.getHttpServer();
  const { emit } = server;
  server.emit = (event, request, response) => {
    if (event !== 'request') return emit.call(server, event, request, response);
    const id = randomUUID();
    response.setHeader('x-request-id', id);
    return als.run({ id, tenant: request.headers['x-tenant'] ?? 'acme' }, () =>
      emit.call(server, event, request, response),
    );
  };
}
if (variant === 'interceptor') app.useGlobalInterceptors({ intercept: (_context, next) => next.handle() });
await app.listen(0, '127.0.0.1');
reportCpu(app);
