import 'reflect-metadata';
import { request } from 'node:http';
import {
  Catch,
  Controller,
  Get,
  Injectable,
  Module,
  Post,
  Query,
  Req,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ContextModule } from 'nestjs-contextvars';
import { map } from 'rxjs';
import { later, see, send, sleep, who } from '../support.mjs';

/** Decorators for plain JavaScript. */
function decorate(type, classDecorators, methods) {
  for (const [name, decorators] of Object.entries(methods)) {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
    for (const decorator of decorators) decorator(type.prototype, name, descriptor);
    Object.defineProperty(type.prototype, name, descriptor);
  }
  for (const decorator of classDecorators) decorator(type);
}

const parameter = (decorator, index) => (target, name) => decorator(target, name, index);

let stages = [];
let whenClosed = () => {};

class Guard {
  canActivate() {
    stages.push(see());
    return true;
  }
}
class Interceptor {
  intercept(_context, next) {
    stages.push(see());
    return next.handle().pipe(
      map((value) => {
        stages.push(see());
        return value;
      }),
    );
  }
}
class Pipe {
  transform(value) {
    stages.push(see());
    return value;
  }
}
class Filter {
  catch(_error, host) {
    stages.push(see());
    const response = host.switchToHttp().getResponse();
    const raw = response.raw ?? response;
    raw.statusCode = 500;
    raw.end('failed');
  }
}
for (const type of [Guard, Interceptor, Pipe]) Injectable()(type);
Catch()(Filter);

class Probes {
  stages() {
    stages.push(see());
    return 'ok';
  }

  fails() {
    stages.push(see());
    throw new Error('for the filter');
  }

  body() {
    return see();
  }

  left(incoming) {
    (incoming.raw ?? incoming).on('close', () => whenClosed(see()));
    return new Promise(() => {});
  }
}
const through = [UseGuards(Guard), UseInterceptors(Interceptor), UsePipes(Pipe), UseFilters(Filter)];
decorate(Probes, [Controller()], {
  stages: [Get('stages'), ...through, parameter(Query('name'), 0)],
  fails: [Get('fails'), ...through],
  body: [Post('body')],
  left: [Get('left'), parameter(Req(), 0)],
});

class App {}
Module({ imports: [ContextModule.forRoot({ setup: () => void who.set('A') })], controllers: [Probes] })(App);

async function adapterOf(name) {
  if (name === 'fastify') return new (await import('@nestjs/platform-fastify')).FastifyAdapter();
  return new (await import('@nestjs/platform-express')).ExpressAdapter();
}

/** What `ask(port)` gives on Express and on Fastify; one value where it is the same. */
async function onBoth(ask) {
  const answers = [];
  for (const name of ['express', 'fastify']) {
    const app = await NestFactory.create(App, await adapterOf(name), {
      logger: false,
      forceCloseConnections: true,
    });
    await app.listen(0, '127.0.0.1');
    try {
      answers.push(await ask(app.getHttpServer().address().port));
    } finally {
      await app.close();
    }
  }
  return [...new Set(answers)].join(' on Express, on Fastify ');
}

const allStages = (path, count) =>
  onBoth(async (port) => {
    stages = [];
    await send(port, [], { path });
    return stages.length === count && new Set(stages).size === 1 ? stages[0] : stages.join(' ');
  });

const leftEarly = () =>
  onBoth(async (port) => {
    const { promise, resolve } = later();
    whenClosed = resolve;
    const sent = request({ port, host: '127.0.0.1', path: '/left' }).on('error', () => {});
    sent.end();
    await sleep(30);
    sent.destroy();
    return promise;
  });

export const nest = [
  {
    no: 28,
    what: 'Nest, both adapters: guard, interceptor, pipe, handler, interceptor after it',
    right: 'A',
    plain: () => allStages('/stages', 5),
  },
  {
    no: 28,
    what: 'Nest, both adapters: the same with an exception filter',
    right: 'A',
    plain: () => allStages('/fails', 4),
  },
  {
    no: 30,
    what: 'Nest, both adapters: the handler behind a body in two packets',
    right: 'A',
    plain: () =>
      onBoth((port) =>
        send(port, ['{"some":', '"thing"}'], {
          path: '/body',
          headers: { 'content-type': 'application/json' },
        }),
      ),
  },
  {
    no: 5,
    what: "Nest, both adapters: `request.on('close')` in a handler, the client has left",
    right: 'A',
    plain: leftEarly,
  },
];
