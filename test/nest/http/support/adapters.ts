import type { AddressInfo } from 'node:net';
import type { LoggerService, Type } from '@nestjs/common';
import { type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

export type AdapterName = 'Express' | 'Fastify';

export const adapters: readonly AdapterName[] = ['Express', 'Fastify'];

/** An application that is not initialized yet, so that a test can still configure it. */
export function createApp(
  adapter: AdapterName,
  module: Type | DynamicModule,
  logger: LoggerService | false = false,
): Promise<INestApplication> {
  const http = adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
  return NestFactory.create(module as Type, http as never, { logger, forceCloseConnections: true });
}

/** Listens on a port of 127.0.0.1, by default one that is free, and gives the port. */
export async function listen(app: INestApplication, port = 0): Promise<number> {
  await app.listen(port, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

/** Initialized, and, on Fastify, ready to be called without a server that listens. */
export async function ready(app: INestApplication): Promise<void> {
  await app.init();
  await app.getHttpAdapter().getInstance().ready?.();
}

/** Node's own request or response: Fastify wraps them, Express extends them. */
export function rawOf<T>(object: unknown): T {
  return ((object as { raw?: T } | undefined)?.raw ?? object) as T;
}
