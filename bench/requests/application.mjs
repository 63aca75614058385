// One Nest application for the benchmarks of requests, which name the adapter, the kind, how many repositories a singleton holds and
// how many of them a request uses: `node application.mjs fastify nestjs-contextvars 10 1`. Tells its port and CPU time as
// cpu-report.mjs does.

import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { kinds } from './application-kinds.mjs';
import { reportCpu } from './cpu-report.mjs';

const [adapter, kind, held, used] = [process.argv[2], process.argv[3], ...process.argv.slice(4).map(Number)];
const { decorate, imports, provide, prepare, instances } = await kinds[kind]();

const repositories = Array.from({ length: held }, (_, i) => {
  // A class each, with a name and a field of its own.
  const type = {
    [`Repository${i}`]: class {
      calls = 0;

      next() {
        this.calls += 1;
        return instances !== 'of a request' || this.calls === 1;
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
    let own = true;
    for (let i = 0; i < used; i++) own = this.repositories[i].next() && own;
    return { hello: own ? 'world' : 'crossed' };
  }
}
Injectable()(Orders);
repositories.forEach((type, i) => void Inject(type)(Orders, undefined, i));

/** Requests to `hold` that wait, for the benchmark of memory. */
const waiting = [];

class HelloController {
  constructor(orders) {
    this.orders = orders;
  }

  hello() {
    return this.orders.next();
  }

  async hold() {
    const answer = this.orders.next();
    await new Promise((resolve) => waiting.push(resolve));
    return answer;
  }
}
Inject(Orders)(HelloController, undefined, 0);
for (const route of ['hello', 'hold'])
  Get(route)(HelloController.prototype, route, { value: HelloController.prototype[route] });
Controller()(HelloController);

class AppModule {}
Module({
  imports: imports(repositories),
  providers: [...provide(repositories), Orders],
  controllers: [HelloController],
})(AppModule);

const httpAdapter = await adapterOf(adapter);
const begun = performance.now();
const app = await NestFactory.create(AppModule, httpAdapter, { logger: false });
// Servers take turns, some of which take longer than the five seconds after which Node.js closes a connection.
app.getHttpServer().keepAliveTimeout = 0;
prepare?.(app);
await app.listen(0, '127.0.0.1');
reportCpu(app, performance.now() - begun, waiting);

async function adapterOf(name) {
  if (name === 'express') {
    const { ExpressAdapter } = await import('@nestjs/platform-express');
    return new ExpressAdapter();
  }
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return new FastifyAdapter();
}
