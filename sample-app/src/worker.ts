import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { contextLogger } from './logging/context-logger.js';
import { openServices } from './services.js';
import { readSettings } from './settings/settings.js';
import { stopOnSignal } from './stop-on-signal.js';
import { WorkerModule } from './worker.module.js';

try {
  const settings = readSettings(process.env);
  if (settings.database.databaseUrl === undefined) {
    throw new Error('DATABASE_URL is not set; an embedded database is worked with by the application alone');
  }
  const services = await openServices(settings);
  const app = await NestFactory.createApplicationContext(WorkerModule.with(services), {
    logger: ['warn', 'error', 'fatal'],
  });
  app.useLogger(contextLogger(settings.logFormat));
  stopOnSignal(async () => {
    await app.close();
    await services.close();
  });
  console.log(`Worker ${process.pid} writes receipts and invoices`);
} catch (error) {
  console.error(`The worker cannot start: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
