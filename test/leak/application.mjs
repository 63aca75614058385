// A Nest application in which units of work are opened that are watched, on Express and on Fastify.

import 'reflect-metadata';
import { subscribe } from 'node:diagnostics_channel';
import { Controller, Get, Inject, Module, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  ContextModule,
  ContextScoped,
  ContextVar,
  currentUnit,
  ScopedValue,
  scopedProvider,
} from 'nestjs-contextvars';

export const tenant = new ContextVar('tenant');
export const role = new ScopedValue('role');

/** What is to be done in each unit, and where it is watched; undefined where it is not. */
let inside;
let watching;

class Rows {
  bytes = new Uint8Array(64);

  constructor() {
    watching?.of('unit', 'instance', this);
  }
}

class Cart {
  constructor(rows) {
    this.rows = rows;
    watching?.of('unit', 'instance', this);
  }

  touch() {
    return this.rows.bytes.length;
  }

  async [Symbol.asyncDispose]() {
    await null;
  }
}
ContextScoped()(Rows);
ContextScoped()(Cart);
Inject(Rows)(Cart, undefined, 0);

/** `cart` is what stands in for the instance of the current unit. */
export let cart;

/** The body of each unit of work: sets up what is watched, then does what the run is about. */
export function work(exchange) {
  tenant.set(watchedValue('value'));
  role.bind(watchedValue('value'));
  cart.touch();
  watching?.of('context', 'unit', currentUnit());
  for (const [what, object] of Object.entries(exchange ?? {})) {
    if (object !== undefined) watching?.of('unit', what, object);
  }
  return inside?.({ key: exchange?.request });
}

export function watchedValue(what) {
  const value = { bytes: new Uint8Array(16) };
  watching?.of('context', what, value);
  return value;
}

/** What is done and watched from now on. */
export function workIs(fn, watched) {
  inside = fn;
  watching = watched;
}

class UnitController {
  serve(request, response) {
    // A function of its own: a closure here could hold them by itself.
    return work({ request, response, 'raw request': request.raw, 'raw response': response.raw }) ?? 'done';
  }
}
Controller()(UnitController);
Get()(UnitController.prototype, 'serve', Object.getOwnPropertyDescriptor(UnitController.prototype, 'serve'));
Req()(UnitController.prototype, 'serve', 0);
Res({ passthrough: true })(UnitController.prototype, 'serve', 1);

let open = 0;
subscribe('nestjs-contextvars:unit:start', ({ unit }) => {
  if (unit.kind === 'http') open += 1;
});
subscribe('nestjs-contextvars:unit:end', ({ unit }) => {
  if (unit.kind === 'http') open -= 1;
});

/** Requests that have not ended. */
export const openRequests = () => open;

export async function startApplications() {
  const apps = {};
  for (const [name, Adapter] of Object.entries({ Express: ExpressAdapter, Fastify: FastifyAdapter })) {
    class AppModule {}
    Module({
      imports: [ContextModule.forRoot({ logger: false })],
      providers: [scopedProvider(Rows), scopedProvider(Cart)],
      controllers: [UnitController],
    })(AppModule);
    const app = await NestFactory.create(AppModule, new Adapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    app.getHttpServer().keepAliveTimeout = 0;
    cart ??= app.get(Cart);
    apps[name] = app;
  }
  return apps;
}
