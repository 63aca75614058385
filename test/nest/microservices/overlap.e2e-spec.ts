import { IncomingRequestDeserializer, NatsRequestJSONDeserializer } from '@nestjs/microservices';
import { currentUnit, runUnitOfWork } from 'nestjs-contextvars';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';
import { startDesk, stopDesks } from './support/running-desk.js';
import { STAGES } from './support/stages.js';
import { describeTransports, type Place } from './support/transports.js';
import { plan, seen } from './support/variables.js';

afterEach(stopDesks);

describeTransports('messages', (transport) => {
  const ways = transport.hasEvents ? (['request', 'event'] as const) : (['request'] as const);

  test.each(ways)('that overlap keep apart: %s', async (way) => {
    const { desk, client } = await startDesk(transport);
    const both = new Gate();
    desk.answer = async ({ label }) => {
      desk.see('before waiting', label);
      if (desk.handled.length === 2) both.open();
      await both.passed;
      desk.see('after waiting', label);
      return seen.get();
    };

    const labels = ['a', 'b'];
    if (way === 'request') {
      const answers = await Promise.all(labels.map((label) => client.ask({ label })));
      expect(answers).toEqual(labels);
    } else await Promise.all(labels.map((label) => client.tell({ label })));
    await until('both are through', () => desk.stages('a').length + desk.stages('b').length === 16);

    for (const label of labels) {
      expect(desk.stages(label)).toEqual([...STAGES, 'before waiting', 'after waiting', 'interceptor after']);
      expect(desk.values(label)).toEqual(['nothing', label]);
      expect(desk.units(label)).toHaveLength(1);
    }
    expect(desk.units('a')).not.toEqual(desk.units('b'));
  });

  test('do not see what the application was started in', async () => {
    const { desk, client } = await runUnitOfWork({ kind: 'boot' }, async () => {
      plan.set('of the boot');
      const started = await startDesk(transport);
      // Opens the connections of both sides.
      await started.client.ask({ label: 'first' });
      return started;
    });
    desk.answer = () => `${plan.get('nothing')} ${currentUnit()?.kind}`;

    expect(await client.ask({ label: 'a' })).toBe('nothing rpc');
    expect(await runUnitOfWork({ kind: 'other' }, () => client.ask({ label: 'b' }))).toBe('nothing rpc');
  });

  test('are deserialized outside whatever the application was started in', async () => {
    if (transport.name === 'gRPC') return;
    const place = await transport.place();
    const deserializer =
      transport.name === 'NATS' ? new NatsRequestJSONDeserializer() : new IncomingRequestDeserializer();
    const seenBy: string[] = [];
    const service = {
      ...place.service,
      options: {
        ...place.service.options,
        deserializer: {
          deserialize(value: never, options: never) {
            seenBy.push(plan.get('nothing'));
            return deserializer.deserialize(value, options);
          },
        },
      },
    };
    const { client } = await runUnitOfWork({ kind: 'boot' }, () => {
      plan.set('of the boot');
      return startDesk({ ...transport, place: async () => ({ ...place, service }) as Place });
    });

    await client.ask({ label: 'a' });
    await client.ask({ label: 'b' });

    expect(seenBy).toEqual(['nothing', 'nothing']);
  });
});
