import { until } from '../../nest/http/support/until.js';
import { stopDesks } from '../../nest/microservices/support/running-desk.js';
import { describeTransports } from '../../nest/microservices/support/transports.js';
import { acceptTenant, inRequest, start } from './support/start-propagating.js';

afterEach(stopDesks);

describeTransports(
  'an event',
  (transport) => {
    test('takes the context of its sender along', async () => {
      const { client, desk } = await start(transport, { accept: acceptTenant });
      const got: unknown[] = [];
      const { answer } = desk;
      desk.answer = (ask, context) => got.push(answer(ask, context));

      await Promise.all(['a', 'b'].map((of) => inRequest(of, () => client.tell({ label: of }))));
      await until('both are handled', () => got.length === 2);

      const tenants = got
        .map((one) => one as Record<string, string>)
        .map((one) => [one.tenant, one.correlationId]);
      expect(tenants.sort()).toEqual([
        ['a', 'unit-a'],
        ['b', 'unit-b'],
      ]);
    });

    test('with a bad carrier is not handled, and logged', async () => {
      const { client, desk, logger } = await start(transport, { accept: true }, 'plain');

      await client.tell({ label: 'a' }, { contextvars: 'garbage' });
      await until('it is logged', () => logger.lines.length > 0);

      expect(desk.sightings).toEqual([]);
      expect(logger.lines).toEqual([expect.stringMatching(/^error: .*The carrier is refused/)]);
    });
  },
  ['TCP', 'Redis', 'NATS', 'RabbitMQ', 'MQTT'],
);
