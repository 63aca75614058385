import 'reflect-metadata';
import { createApp } from './create-app.js';
import { openServices } from './services.js';
import { readSettings } from './settings/settings.js';
import { stopOnSignal } from './stop-on-signal.js';

try {
  const settings = readSettings(process.env);
  const services = await openServices(settings);
  const app = await createApp(services, settings);
  stopOnSignal(async () => {
    await app.close();
    await services.close();
  });
  await app.listen(settings.port, settings.host);
  console.log(`Order desk on ${settings.adapter}: ${await app.getUrl()}`);
} catch (error) {
  console.error(`The order desk cannot start: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
