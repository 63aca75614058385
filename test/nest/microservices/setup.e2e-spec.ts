import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload, type RmqContext, RpcException } from '@nestjs/microservices';
import { ContextModule, type ContextModuleOptions, type InboundMessage } from 'nestjs-contextvars';
import { lastValueFrom, Subject, toArray } from 'rxjs';
import { until } from '../http/support/until.js';
import { MemoryLogger } from '../module/support/memory-logger.js';
import { ASK, TELL, type Text } from './support/desk.controllers.js';
import type { Ask } from './support/desk.js';
import { RpcUnits } from './support/rpc-units.js';
import { startDesk, stopDesks } from './support/running-desk.js';
import { describeTransports, type TransportCase } from './support/transports.js';
import { plan, seen } from './support/variables.js';

let units: RpcUnits;
beforeEach(() => {
  units = new RpcUnits();
});
afterEach(async () => {
  units.stop();
  await stopDesks();
});

type Setup = NonNullable<NonNullable<ContextModuleOptions['messages']>['setup']>;

async function startWith(transport: TransportCase, setup: Setup) {
  const logger = new MemoryLogger();
  const started = await startDesk(transport, { options: { logger, messages: { setup } } });
  return Object.assign(started, { logger });
}

const later = () => new Promise(setImmediate);

describeTransports('the set-up of messages', (transport) => {
  test.each([
    ['at once', () => undefined],
    ['after a while', later],
  ])('sets what the guards see: %s', async (_, wait) => {
    const { desk, client } = await startWith(transport, (context) => {
      const done = wait();
      context.set(seen, 'from the set-up');
      return done as Promise<void> | undefined;
    });

    await client.ask({ label: 'a' });

    expect(desk.values('a')).toEqual(['from the set-up', 'a']);
    expect(desk.units('a')).toHaveLength(1);
  });

  test('is told of the message', async () => {
    const messages: InboundMessage[] = [];
    const { desk, client } = await startWith(transport, (_, message) => void messages.push(message));

    await client.ask({ label: 'a' });

    const isCall = transport.name === 'gRPC';
    expect(messages).toEqual([
      expect.objectContaining({
        transport: transport.name.toLowerCase(),
        isEvent: false,
        pattern: isCall ? expect.objectContaining({ service: 'Desk', rpc: 'Ask' }) : ASK,
        data: isCall ? { text: '{"label":"a"}' } : { label: 'a' },
      }),
    ]);
    if (!isCall) expect(messages[0]?.context).toBe(desk.contexts[0]);
  });

  test.each([
    ['at once', () => undefined],
    ['after a while', later],
  ])(
    'that fails is answered with an internal error and logged, and nothing else runs: %s',
    async (_, wait) => {
      const { desk, client, logger } = await startWith(transport, async () => {
        await wait();
        throw new Error('broken');
      });

      await expect(client.ask({ label: 'a' })).rejects.toMatchObject({
        message: expect.stringContaining('Internal server error'),
      });

      expect(desk.sightings).toEqual([]);
      expect(logger.lines).toEqual([
        expect.stringMatching(/^error: Error before the handler of the .*broken/),
      ]);
      expect(await units.haveEnded(1)).toBe(1);
    },
  );

  test('that throws an RpcException is answered with its error', async () => {
    const { desk, client, logger } = await startWith(transport, () => {
      throw new RpcException('not today');
    });

    await expect(client.ask({ label: 'a' })).rejects.toMatchObject({
      message: expect.stringContaining('not today'),
    });

    expect(desk.sightings).toEqual([]);
    expect(logger.lines).toEqual([]);
  });
});

describeTransports(
  'the set-up of an event',
  (transport) => {
    test('that fails is logged, and the next event is handled', async () => {
      let broken = true;
      const { desk, client, logger } = await startWith(transport, () => {
        if (broken) throw new RpcException('not today');
      });

      await client.tell({ label: 'a' });
      await until('it is logged', () => logger.lines.length > 0);
      broken = false;
      await client.tell({ label: 'b' });
      await until('the other is handled', () => desk.handled.length === 1);

      expect(desk.handled).toEqual(['b']);
      expect(logger.lines).toEqual([expect.stringContaining('not today')]);
      expect(logger.lines[0]).toContain(TELL);
    });
  },
  ['TCP', 'Redis', 'NATS', 'RabbitMQ', 'MQTT'],
);

@Controller()
class AcknowledgingController {
  @MessagePattern(ASK)
  ask(@Payload() { label }: Ask, @Ctx() context: RmqContext): string {
    context.getChannelRef().ack(context.getMessage());
    return label;
  }
}

describeTransports(
  'a queue whose messages are acknowledged by the handler',
  (transport) => {
    test('goes on after a message that is refused before it', async () => {
      const setup = (_: unknown, { data }: InboundMessage) => {
        if ((data as Ask).label === 'bad') throw new RpcException('bad');
      };
      const acknowledging: TransportCase = {
        ...transport,
        async place() {
          const { service, client } = await transport.place();
          const options = { ...service.options, noAck: false, prefetchCount: 1 };
          return { service: { ...service, options } as typeof service, client };
        },
      };
      const { client } = await startDesk(acknowledging, {
        controllers: [AcknowledgingController],
        options: { messages: { setup } },
      });

      await expect(client.ask({ label: 'bad' })).rejects.toMatchObject({ message: 'bad' });

      expect(await client.ask({ label: 'good' })).toBe('good');
    });
  },
  ['RabbitMQ'],
);

describeTransports(
  'the set-up of a stream of requests',
  (transport) => {
    test.each(['chat', 'chatCall', 'collect', 'collectCall'] as const)(
      'that fails is answered with an error, once: %s',
      async (method) => {
        const { desk, client } = await startWith(transport, () => {
          throw new RpcException({ code: 9, message: 'not today' });
        });
        desk.call = () => desk.handled.push('call');
        desk.collect = () => desk.handled.push('collect');
        const requests = new Subject<Text>();

        const all = lastValueFrom(client.service[method](requests).pipe(toArray()));
        requests.next({ text: 'a' });

        await expect(all).rejects.toMatchObject({ code: 9, details: 'not today' });
        expect(desk.handled).toEqual([]);
        expect(await units.haveEnded(1)).toBe(1);
      },
    );
  },
  ['gRPC'],
);

describe('the options of messages', () => {
  test.each([
    ['messages.accept', { accept: 'all' }],
    ['messages.acceptIds', { acceptIds: 'yes' }],
    ['messages.required', { required: ['plan'] }],
    ['messages.required', { required: plan }],
    ['messages.verify', { verify: 'key' }],
    ['verify: expected an object or a function as keys', { verify: {} }],
    ['messages.onInvalid', { onInvalid: 'fail' }],
    ['messages.setup', { setup: {} }],
  ])('are checked at the start: %s', async (said, messages) => {
    const { Test } = await import('@nestjs/testing');
    const compiled = Test.createTestingModule({
      imports: [ContextModule.forRoot({ messages: messages as ContextModuleOptions['messages'] })],
    }).compile();

    await expect(compiled).rejects.toThrow(TypeError);
    await expect(compiled).rejects.toThrow(said);
  });
});
