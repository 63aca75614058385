import { injectContext } from 'nestjs-contextvars';
import { firstValueFrom } from 'rxjs';
import { stopDesks } from '../../nest/microservices/support/running-desk.js';
import { describeTransports, type TransportCase } from '../../nest/microservices/support/transports.js';
import { acceptTenant, contextOf, inRequest, start } from './support/start-propagating.js';

afterEach(stopDesks);

describeTransports('a client that propagates', (transport) => {
  test('sends what has a codec, and the handler takes what is accepted and the ids', async () => {
    const { client } = await start(transport, { accept: acceptTenant });

    const answer = await inRequest('acme', () => client.ask({ label: 'a' }));

    expect(answer).toEqual({
      tenant: 'acme',
      plan: 'none',
      role: 'none',
      id: expect.not.stringMatching('unit-acme'),
      correlationId: 'unit-acme',
      unit: expect.any(String),
    });
  });

  test('the handler takes the ids alone where nothing is accepted', async () => {
    const { client } = await start(transport);

    const answer = await inRequest('acme', () => client.ask({ label: 'a' }));

    expect(answer).toMatchObject({ tenant: 'none', plan: 'none', correlationId: 'unit-acme' });
  });

  test('the handler has ids of its own where those are not accepted', async () => {
    const { client } = await start(transport, { accept: true, acceptIds: false });

    const answer = (await inRequest('acme', () => client.ask({ label: 'a' }))) as Record<string, unknown>;

    expect(answer).toMatchObject({ tenant: 'acme', plan: 'plan of acme' });
    expect([answer.id, answer.correlationId]).toEqual([answer.unit, answer.unit]);
  });

  test('two senders at the same time keep apart', async () => {
    const { client } = await start(transport, { accept: true });

    const answers = await Promise.all(
      ['a', 'b', 'c'].map((of) => inRequest(of, () => client.ask({ label: of }))),
    );

    expect(answers).toMatchObject([{ tenant: 'a' }, { tenant: 'b' }, { tenant: 'c' }]);
  });

  test('keeps the headers of the sender, and replaces a carrier that is passed on', async () => {
    const { client, messages } = await start(transport, { accept: true });
    const passedOn = injectContext({}, { context: contextOf('somebody else') });

    const ask = () => client.ask({ label: 'a' }, { 'x-mine': 'kept', ...passedOn });
    const inside = await inRequest('acme', ask);
    const outside = await ask();

    expect(inside).toMatchObject({ tenant: 'acme' });
    expect(outside).toMatchObject({ tenant: 'none' });
    expect(messages.map((message) => message.header('x-mine'))).toEqual(['kept', 'kept']);
  });

  test('sends the context of each sender, also of those that share a record', async () => {
    const { client } = await start(transport, { accept: true });
    const prepared = client.prepared({ label: 'a' }, { 'x-mine': 'shared' });

    const first = await inRequest('a', () => firstValueFrom(prepared()));
    const second = await inRequest('b', () => firstValueFrom(prepared()));
    const third = await firstValueFrom(prepared());

    expect([first, second, third]).toMatchObject([{ tenant: 'a' }, { tenant: 'b' }, { tenant: 'none' }]);
  });
});

describeTransports(
  'a version without properties',
  (transport) => {
    test('carries nothing, and messages go through', async () => {
      const older: TransportCase = {
        ...transport,
        async place() {
          const { service, client } = await transport.place();
          const version = { protocolVersion: 4 };
          Object.assign(service.options as object, version);
          Object.assign(client.options as object, version);
          return { service, client };
        },
      };
      const { client } = await start(older, { accept: true });

      expect(await inRequest('acme', () => client.ask({ label: 'a' }))).toMatchObject({ tenant: 'none' });
    });
  },
  ['MQTT'],
);
