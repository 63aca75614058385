import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { contextLogger } from './logging/context-logger.js';
import { queuesAt } from './queues/queues.js';
import { readSettings } from './settings.js';
import { WorkerModule } from './worker.module.js';

try {
  const { queueUrl, logFormat } = readSettings(process.env);
  if (queueUrl === undefined) throw new Error('QUEUE_URL is not set; say redis://... or postgres://...');
  const app = await NestFactory.createApplicationContext(
    { module: WorkerModule, imports: [queuesAt(queueUrl)] },
    {
      logger: ['warn', 'error', 'fatal'],
    },
  );
  app.useLogger(contextLogger(logFormat));
  app.enableShutdownHooks([], { useProcessExit: true });
  console.log(`Worker ${process.pid} writes invoices`);
} catch (error) {
  console.error(`The worker cannot start: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
