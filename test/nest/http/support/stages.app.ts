import type { IncomingMessage } from 'node:http';
import { type INestApplication, VersioningType } from '@nestjs/common';
import { type AdapterName, createApp } from './adapters.js';
import { sightings } from './sightings.js';
import { SeeingGuard, SeeingInterceptor, StagesModule } from './stages.module.js';

export type Routing = 'no prefix' | 'a global prefix' | 'URI versioning';

export const routings: Readonly<Record<Routing, string>> = {
  'no prefix': '',
  'a global prefix': '/api',
  'URI versioning': '/v1',
};

/** The application of the stages, with everything that can be added to it after its creation. */
export async function createStagesApp(adapter: AdapterName, routing: Routing): Promise<INestApplication> {
  const app = await createApp(adapter, StagesModule);
  if (routing === 'a global prefix') app.setGlobalPrefix('api');
  if (routing === 'URI versioning') app.enableVersioning({ type: VersioningType.URI });
  app.useGlobalGuards(new SeeingGuard('guard of the application'));
  app.useGlobalInterceptors(new SeeingInterceptor('application'));
  app.use((request: IncomingMessage, _response: unknown, next: () => void) => {
    sightings.see('middleware of the application');
    request.on('end', () => sightings.see('end of the body'));
    next();
  });
  if (adapter === 'Fastify') addFastifyHooks(app);
  return app;
}

interface Hooked {
  addHook(
    name: string,
    hook: (request: unknown, reply: unknown, ...rest: (() => void)[]) => Promise<unknown>,
  ): void;
}

function addFastifyHooks(app: INestApplication): void {
  const fastify = app.getHttpAdapter().getInstance() as Hooked;
  for (const name of ['onRequest', 'preHandler', 'onResponse']) {
    fastify.addHook(name, async () => sightings.see(`Fastify hook ${name}`));
  }
  fastify.addHook('onSend', async (_request, _reply, payload) => {
    sightings.see('Fastify hook onSend');
    return payload;
  });
}
