import { Controller, type ExecutionContext, type INestApplication, Inject } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, MessagePattern, Payload } from '@nestjs/microservices';
import { Populate, RequestContext } from 'nestjs-contextvars';
import { ASK, readText, type Text, writeText } from './support/desk.controllers.js';
import { Desk } from './support/desk.js';
import { type DeskParts, deskClient, deskModule, startDesk, stopDesks } from './support/running-desk.js';
import { labelOf } from './support/stages.js';
import { describeTransports } from './support/transports.js';
import { plan, seen } from './support/variables.js';

let app: INestApplication | undefined;
afterEach(async () => {
  await stopDesks();
  await app?.close();
  app = undefined;
});

const label = (context: ExecutionContext): string => labelOf(context.switchToRpc().getData());

@Controller()
@Populate(async (context, executionContext) => {
  await new Promise(setImmediate);
  context.set(plan, `${context.get(seen)}, then the plan of ${label(executionContext)}`);
})
class PopulatedController {
  constructor(@Inject(Desk) private readonly desk: Desk) {}

  @MessagePattern(ASK)
  ask(@Payload() ask: { label: string }): unknown {
    this.desk.handled.push(ask.label);
    return plan.get('nothing');
  }

  @GrpcMethod('Desk', 'Ask')
  askByCall(request: Text): Text {
    return writeText(this.ask(readText<{ label: string }>(request)));
  }
}

const parts: DeskParts = {
  controllers: [PopulatedController],
  options: {
    populate: (context: RequestContext, executionContext) =>
      void context.set(seen, `${executionContext.getType()} ${label(executionContext)}`),
  },
};

describeTransports(
  'populators',
  (transport) => {
    test('fill the context of a message, those of the module first', async () => {
      const { client } = await startDesk(transport, parts);

      const answers = await Promise.all(['a', 'b'].map((one) => client.ask({ label: one })));

      expect(answers).toEqual(['rpc a, then the plan of a', 'rpc b, then the plan of b']);
    });

    test('that fail keep the handler from running', async () => {
      const options = { populate: () => Promise.reject(new Error('broken')) };
      const { desk, client } = await startDesk(transport, { ...parts, options });

      await expect(client.ask({ label: 'a' })).rejects.toBeDefined();

      expect(desk.handled).toEqual([]);
    });

    test.each([
      ['fill it', true, 'rpc a, then the plan of a'],
      // Nest applies no global interceptor there, and ours is one.
      ['do not', false, 'nothing'],
    ])('%s in a hybrid application where inheritAppConfig is %p', async (_, inheritAppConfig, answer) => {
      app = await NestFactory.create(deskModule(new Desk(), parts), { logger: false, abortOnError: false });
      const place = await transport.place();
      app.connectMicroservice(place.service, { inheritAppConfig });
      await app.startAllMicroservices();

      expect(await deskClient(place).ask({ label: 'a' })).toBe(answer);
    });
  },
  ['TCP', 'gRPC'],
);
