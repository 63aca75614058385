import { Controller, Get, type INestApplication, Inject, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { currentUnit, RequestContext, runUnitOfWork } from 'nestjs-contextvars';
import { Gate } from '../http/support/gate.js';
import { send } from '../http/support/http-client.js';
import { DeskController } from './support/desk.controllers.js';
import { Desk } from './support/desk.js';
import { type DeskClient, deskClient, deskModule, stopDesks } from './support/running-desk.js';
import { describeTransports, type TransportCase } from './support/transports.js';
import { seen } from './support/variables.js';

let app: INestApplication | undefined;
afterEach(async () => {
  await stopDesks();
  await app?.close();
  app = undefined;
});

@Controller()
class PageController {
  constructor(
    @Inject(Desk) private readonly desk: Desk,
    @Inject(RequestContext) private readonly context: RequestContext,
  ) {}

  @Get()
  async page(@Query('label') label: string): Promise<unknown> {
    this.desk.see('before the page', label);
    seen.set(label);
    return this.desk.answer({ label }, this.context);
  }
}

interface Running {
  readonly desk: Desk;
  readonly port: number;
  readonly clients: DeskClient[];
}

/** An HTTP application that is two microservices as well. */
async function startHybrid(transport: TransportCase, options: object = {}): Promise<Running> {
  const desk = new Desk();
  const module = deskModule(desk, { controllers: [DeskController, PageController] });
  app = await NestFactory.create(module, { logger: false, abortOnError: false });
  // Only the HTTP half has them, unless the microservices inherit the configuration.
  app.useGlobalGuards({ canActivate: () => true });
  const places = [await transport.place(), await transport.place()];
  for (const place of places) app.connectMicroservice(place.service, options);
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  return { desk, port, clients: places.map(deskClient) };
}

describeTransports(
  'a hybrid application',
  (transport) => {
    test.each([
      ['with a configuration of its own', {}],
      ['that inherits the configuration', { inheritAppConfig: true }],
      ['that is initialized late', { deferInitialization: true }],
    ])('has a unit of work for each message of a microservice %s', async (_, options) => {
      const { desk, clients } = await startHybrid(transport, options);
      const both = new Gate();
      desk.answer = async () => {
        if (desk.handled.length === 2) both.open();
        await both.passed;
        return `${seen.get()} ${currentUnit()?.kind}`;
      };

      const answers = await Promise.all(clients.map((client, n) => client.ask({ label: `a${n}` })));

      expect(answers).toEqual(['a0 rpc', 'a1 rpc']);
      for (const label of ['a0', 'a1']) {
        expect(desk.values(label)).toEqual(['nothing', label]);
        expect(desk.units(label)).toHaveLength(1);
      }
      expect(desk.units('a0')).not.toEqual(desk.units('a1'));
    });

    test('keeps messages and requests apart, also where a request asks its own process', async () => {
      const { desk, clients, port } = await startHybrid(transport);
      desk.answer = async ({ label }) => {
        const unit = currentUnit();
        const asked = unit?.kind === 'http' ? await clients[0]?.ask({ label: `${label}, asked` }) : undefined;
        return { seen: seen.get(), kind: unit?.kind, same: currentUnit() === unit, asked };
      };

      const { text } = await send({ port }, { path: '/?label=page' });

      const message = { seen: 'page, asked', kind: 'rpc', same: true };
      expect(JSON.parse(text)).toEqual({ seen: 'page', kind: 'http', same: true, asked: message });
      expect(desk.values('page, asked')).toEqual(['nothing', 'page, asked']);
    });

    test('that was started in a unit of work shows nothing of it', async () => {
      const { desk, clients } = await runUnitOfWork({ kind: 'boot' }, () => {
        seen.set('the boot');
        return startHybrid(transport);
      });
      desk.answer = () => 'done';

      await runUnitOfWork({ kind: 'other' }, () => clients[1]?.ask({ label: 'a' }));

      expect(desk.values('a')).toEqual(['nothing', 'a']);
    });
  },
  ['TCP', 'gRPC', 'RabbitMQ'],
);
