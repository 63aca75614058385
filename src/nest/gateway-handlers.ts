import type { CallHandler, ExecutionContext, NestInterceptor, Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { outsideAny, wrapMethod } from '../core/internal.js';
import { GatewayMessage } from './gateway-message.js';
import { connectionOf } from './gateway-points.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Metadata of `@nestjs/websockets` and of `@nestjs/common`, which has no public name for it. */
const GATEWAY = 'websockets:is_gateway';
const INTERCEPTORS = '__interceptors__';

const wrapped = new WeakSet<object>();

/**
 * Has the gateways of an application handle connecting and leaving in the unit of work of the connection, which waits
 * for them: Nest drops their promises.
 */
export function serveGateways(modules: ModulesContainer): void {
  for (const { host, isStatic, metatype } of gatewaysOf(modules)) {
    // One that is request-scoped is made for each client, and has its methods from its class.
    const target = isStatic ? host : (metatype.prototype as object);
    put(target, 'handleConnection', served);
    put(target, 'handleDisconnect', served);
    put(target, 'afterInit', outside);
  }
}

/** Has the messages of an application's gateways populated also where Nest (before 12) gives gateways no global interceptors. */
export function populateGateways(modules: ModulesContainer): void {
  for (const { metatype } of gatewaysOf(modules)) {
    const others = (Reflect.getMetadata(INTERCEPTORS, metatype) ?? []) as unknown[];
    if (!others.includes(populating)) Reflect.defineMetadata(INTERCEPTORS, [populating, ...others], metatype);
  }
}

/** The class is not of one application, the message is. */
const populating: NestInterceptor = {
  intercept: (context: ExecutionContext, next: CallHandler) =>
    GatewayMessage.current()?.populating?.intercept(context, next) ?? next.handle(),
};

interface Gateway {
  readonly host: object;
  readonly isStatic: boolean;
  readonly metatype: Type;
}

function* gatewaysOf(modules: ModulesContainer): Generator<Gateway> {
  for (const { providers } of modules.values()) {
    for (const provider of providers.values()) {
      const { isNotMetatype, metatype, instance } = provider;
      if (isNotMetatype || typeof metatype !== 'function' || !Reflect.hasMetadata(GATEWAY, metatype))
        continue;
      if (typeof instance !== 'object' || instance === null) continue;
      yield {
        host: instance as object,
        isStatic: provider.isDependencyTreeStatic(),
        metatype: metatype as Type,
      };
    }
  }
}

function put(target: object, key: string, make: (method: Method) => Method): void {
  const method = (target as Record<string, unknown>)[key];
  if (typeof method !== 'function' || wrapped.has(method)) return;
  const descriptor = { value: method, configurable: true, writable: true, enumerable: false };
  // With the metadata of the method: filters that Nest 12 asks about errors of it.
  wrapMethod('ContextModule', (original) => make(original as Method) as typeof original)(
    target,
    key,
    descriptor,
  );
  if (Reflect.defineProperty(target, key, descriptor)) wrapped.add(descriptor.value);
}

function served(method: Method): Method {
  return function (client, ...rest) {
    const handle = () => method.call(this, client, ...rest);
    const connection = connectionOf(client);
    return connection === undefined ? handle() : connection.serve(handle);
  };
}

/** Timers and listeners that it leaves must not keep what the application was started in. */
function outside(method: Method): Method {
  return function (...args) {
    return outsideAny(() => method.apply(this, args));
  };
}
