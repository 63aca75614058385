import 'reflect-metadata';
import { createApp } from './create-app.js';
import { readSettings } from './settings.js';

try {
  const { adapter, port, host, ...settings } = readSettings(process.env);
  const app = await createApp(adapter, settings);
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(port, host);
  console.log(`Order desk on ${adapter}: ${await app.getUrl()}`);
} catch (error) {
  console.error(`The order desk cannot start: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
