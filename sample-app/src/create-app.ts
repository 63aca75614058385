import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { type AdapterName, httpAdapters } from './http-adapters.js';
import { contextLogger } from './logging/context-logger.js';
import type { LogFormat } from './settings.js';

/** The application on the HTTP adapter of that name, not listening yet; with invoices where there is a queue for them. */
export async function createApp(
  adapter: AdapterName,
  { queueUrl, logFormat = 'pretty' }: { queueUrl?: string | undefined; logFormat?: LogFormat } = {},
): Promise<INestApplication> {
  // Nest's lines about starting up are left out, so that the address is easy to find.
  const app = await NestFactory.create(AppModule.with(queueUrl), httpAdapters[adapter](), {
    logger: ['warn', 'error', 'fatal'],
  });
  await app.init();
  app.useLogger(contextLogger(logFormat));
  return app;
}
