import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { httpAdapters } from './http-adapters.js';
import { contextLogger } from './logging/context-logger.js';
import type { Services } from './services.js';
import type { Settings } from './settings/settings.js';

/** The application on the HTTP adapter of the settings, not listening yet. */
export async function createApp(services: Services, settings: Settings): Promise<INestApplication> {
  const adapter = httpAdapters[settings.adapter]();
  // Nest's lines about starting up are left out, so that the address is easy to find.
  const app = await NestFactory.create(AppModule.with(services, settings), adapter, {
    logger: ['warn', 'error', 'fatal'],
  });
  await app.init();
  app.useLogger(contextLogger(settings.logFormat));
  return app;
}
