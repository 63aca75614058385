import { ClientKafka, ServerKafka, Transport } from '@nestjs/microservices';
import { currentUnit, injectContext, runUnitOfWork } from 'nestjs-contextvars';
import { propagateContext } from 'nestjs-contextvars/microservices';
import { firstValueFrom, map } from 'rxjs';
import { Gate } from '../../nest/http/support/gate.js';
import { until } from '../../nest/http/support/until.js';
import { ASK } from '../../nest/microservices/support/desk.controllers.js';
import { type RunningDesk, startDesk, stopDesks } from '../../nest/microservices/support/running-desk.js';
import type { Place, TransportCase } from '../../nest/microservices/support/transports.js';
import { seen, tenant } from '../../nest/microservices/support/variables.js';
import { Kafka } from './support/memory-kafka.js';
import { contextOf, inRequest } from './support/start-propagating.js';

// Nest's own client and server of Kafka, on a broker in memory: no real one has been asked.
for (const { prototype } of [ClientKafka, ServerKafka]) {
  (prototype as unknown as { createClient: () => Kafka }).createClient = () => new Kafka();
}

const transport: TransportCase = {
  name: 'Kafka',
  hasEvents: true,
  async place() {
    return {
      service: { transport: Transport.KAFKA, options: {} },
      client: { transport: Transport.KAFKA, options: {} },
    } as Place;
  },
};

let running: RunningDesk;
beforeEach(async () => {
  running = await startDesk(transport, { options: { messages: { accept: true } } });
  const client = running.client.proxy as ClientKafka;
  client.subscribeToResponseOf(ASK);
  propagateContext(client);
});
afterEach(stopDesks);

test('two overlapping messages keep apart, and all stages see the context of theirs', async () => {
  const { desk, client } = running;
  const both = new Gate();
  desk.answer = async () => {
    if (desk.handled.length === 2) both.open();
    await both.passed;
    return `${seen.get()} ${currentUnit()?.kind}`;
  };

  const answers = await Promise.all(['a', 'b'].map((label) => client.ask({ label })));

  expect(answers).toEqual(['a rpc', 'b rpc']);
  for (const label of ['a', 'b']) {
    expect(desk.values(label)).toEqual(['nothing', label]);
    expect(desk.units(label)).toHaveLength(1);
  }
});

test('requests and events take the context of their sender along', async () => {
  const { desk, client } = running;
  const told: string[] = [];
  desk.answer = ({ label }, context) => {
    const said = `${tenant.get('none')} ${context.correlationId}`;
    if (label === 'told') told.push(said);
    return said;
  };

  // A letter that is no ASCII: Nest parses what looks like JSON in a header, and hands on what it has parsed.
  expect(await inRequest('ä', () => client.ask({ label: 'asked' }))).toMatch(/^ä /);
  await inRequest('acme', () => client.tell({ label: 'told' }));
  await until('the event is handled', () => told.length === 1);

  expect(told).toEqual(['acme unit-acme']);
});

test('what a sender has put into the headers is kept, and a carrier that is passed on replaced', async () => {
  const { desk, client } = running;
  const headers: unknown[] = [];
  desk.answer = (_ask, _context) => {
    const kafka = desk.contexts.at(-1) as { getMessage(): { headers: Record<string, unknown> } };
    headers.push(kafka.getMessage().headers['x-mine']);
    return tenant.get('none');
  };
  const passedOn = injectContext({ 'x-mine': 'kept' }, { context: contextOf('somebody else') });
  const ask = () => firstValueFrom(client.proxy.send(ASK, { value: { label: 'a' }, headers: passedOn }));

  expect([await inRequest('acme', ask), await ask()]).toEqual(['acme', 'none']);
  expect(headers).toEqual(['kept', 'kept']);
});

test('an answer comes where it was subscribed to', async () => {
  const { client } = running;
  const read = (of: string) =>
    runUnitOfWork({ kind: 'test', id: of }, () =>
      firstValueFrom(client.asked({ label: of }).pipe(map(() => currentUnit()?.id))),
    );

  expect(await Promise.all([read('a'), read('b')])).toEqual(['a', 'b']);
  expect(await read('c')).toBe('c');
});

test.each([
  ['garbage', 'garbage'],
  ['a key too many', '{"v":1,"vars":[],"__proto__":{"x":1}}'],
  ['nesting', `{"v":1,"vars":${'['.repeat(5000)}${']'.repeat(5000)}}`],
])('a bad carrier is refused before any guard: %s', async (_, contextvars) => {
  const { desk } = running;
  const client = new ClientKafka({});
  client.subscribeToResponseOf(ASK);

  const asked = firstValueFrom(client.send(ASK, { value: { label: 'a' }, headers: { contextvars } }));

  await expect(asked).rejects.toBeDefined();
  expect(desk.sightings).toEqual([]);
  await client.close();
});
