// The Nest application of the soak, with something at every stage that Nest has, in plain JavaScript.

import 'reflect-metadata';
import { setImmediate as macrotask } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  Req,
  Res,
  Sse,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ContextModule, ContextScoped, scopedProvider } from 'nestjs-contextvars';
import { enhancersFor, isAsync, LimitingInterceptor, later } from './enhancers.mjs';
import { handlersFor } from './handlers.mjs';
import { actor, failWhere, numberOf, seeFor, who } from './identity.mjs';
import { sabotageWith } from './sabotage.mjs';
import { stage } from './stages.mjs';

/** In ms; on a machine that is busy with other things no handler takes as long, but for the one that is to. */
const HANDLER_LIMIT = 500;

const ADAPTERS = { express: ExpressAdapter, fastify: FastifyAdapter };
const routes = { body: Post, events: Sse, endless: Sse };

/** Listens on 127.0.0.1, and notes everything in `ledger`. `sabotage` names something to be done wrong. */
export async function startApplication({ adapter, ledger, sabotage }) {
  const see = seeFor(ledger);
  const spoil = sabotageWith(sabotage, ledger);
  const enhancers = enhancersFor({ ledger, see });

  class Caller {
    number = who.get(-1);

    constructor() {
      ledger.made[this.number] += 1;
    }

    async [Symbol.asyncDispose]() {
      if (isAsync(this.number)) await macrotask();
      see(stage.disposed, this.number);
      ledger.disposed[this.number] += 1;
    }
  }
  ContextScoped()(Caller);

  class Shop {
    constructor(caller) {
      this.caller = caller;
    }

    get number() {
      return this.caller.number;
    }
  }
  Injectable()(Shop);
  Inject(Caller)(Shop, undefined, 0);

  class SoakController {
    constructor(shop) {
      this.handlers = handlersFor({ ledger, see, shop });
    }
  }
  Controller()(SoakController);
  Inject(Shop)(SoakController, undefined, 0);
  for (const kind of Object.keys(handlersFor({}))) declareHandler(SoakController, kind, enhancers);

  function seeAt(name, n, request) {
    see.fully(stage[name], n);
    failWhere(name, request);
  }

  const contextModule = ContextModule.forRoot({
    handler: { timeoutMs: HANDLER_LIMIT },
    logger: loggerOf(ledger, see),
    setup(_context, request) {
      const n = numberOf(request);
      who.set(n);
      actor.bind(n);
      const pass = () => seeAt('setup', n, request);
      const spoiled = spoil.setup(n);
      if (spoiled !== undefined) return spoiled;
      return isAsync(n) ? later(pass) : pass();
    },
    populate(_context, host) {
      const request = host.switchToHttp().getRequest();
      const n = numberOf(request);
      const pass = () => seeAt('populator', n, request);
      return isAsync(n) ? later(pass) : pass();
    },
    onEnd(context) {
      const n = Number(context.request.headers['x-n']);
      const pass = () => {
        seeAt('end', n, context.request);
        ledger.onEnds[n] += 1;
        spoil.onEnd(n);
      };
      return isAsync(n) ? macrotask().then(pass) : pass();
    },
  });

  class AppModule {
    configure(consumer) {
      consumer.apply(enhancers.SeeingMiddleware).forRoutes('{*path}');
    }
  }
  Module({
    imports: [contextModule],
    providers: [
      scopedProvider(Caller),
      Shop,
      { provide: APP_GUARD, useClass: enhancers.SeeingGuard },
      { provide: APP_INTERCEPTOR, useClass: enhancers.SeeingInterceptor },
      { provide: APP_FILTER, useClass: enhancers.SeeingFilter },
    ],
    controllers: [SoakController],
  })(AppModule);

  const app = await NestFactory.create(AppModule, new ADAPTERS[adapter](), { logger: loggerOf(ledger, see) });
  // What is thrown on purpose shall not be printed; hashes of the answers take long, and show nothing here.
  if (adapter === 'express') app.getHttpAdapter().getInstance().set('env', 'test').disable('etag');
  app.use((request, response, next) => {
    const n = numberOf(request);
    see.fully(stage.use, n);
    // Nest and Fastify alone come to ten on one that waits for its turn on the connection and whose file fails meanwhile.
    response.setMaxListeners(20);
    response.on('finish', () => see.fully(stage.finish, n));
    response.on('close', () => see.fully(stage.close, n));
    request.on('close', () => see.late(stage.requestClose, n));
    next();
  });
  await app.listen(0, '127.0.0.1');
  // The client waits while the heap is measured, and must not be sent away.
  app.getHttpServer().keepAliveTimeout = 0;
  return app;
}

/** A method of the controller, and what decorators would say of it. */
function declareHandler({ prototype }, kind, { SeeingPipe, Seen }) {
  const value = function (...args) {
    return this.handlers[kind](...args);
  };
  const descriptor = { value, configurable: true, writable: true };
  Object.defineProperty(prototype, kind, descriptor);
  (routes[kind] ?? Get)(`${kind}/:n`)(prototype, kind, descriptor);
  if (kind === 'outrun') UseInterceptors(LimitingInterceptor)(prototype, kind, descriptor);
  Param('n', SeeingPipe)(prototype, kind, 0);
  Seen()(prototype, kind, 1);
  Req()(prototype, kind, 2);
  if (kind === 'raw') Res()(prototype, kind, 3);
  if (kind === 'body') Body()(prototype, kind, 4);
}

/** Gets the errors of background calls, in the context of their work; nothing else has a reason to be logged. */
function loggerOf(ledger, see) {
  const log = (message) => {
    if (!String(message).includes('on purpose')) ledger.fault('logged', `logged: ${message}`);
    else if (String(message).includes('background')) see(stage.reported, who.get(-1));
  };
  return { error: log, warn: log, fatal: log, log() {}, debug() {}, verbose() {} };
}
