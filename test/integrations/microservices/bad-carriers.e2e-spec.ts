import { type ContextModuleOptions, injectContext } from 'nestjs-contextvars';

import { stopDesks } from '../../nest/microservices/support/running-desk.js';
import { describeTransports } from '../../nest/microservices/support/transports.js';
import { plan } from '../../nest/microservices/support/variables.js';
import { contextOf, keys, start } from './support/start-propagating.js';

afterEach(stopDesks);

describeTransports('a bad carrier', (transport) => {
  const verify = { keys, audience: 'desk' };
  const cases: [string, ContextModuleOptions['messages'], () => Record<string, string>][] = [
    ['is no JSON', { accept: true }, () => ({ contextvars: 'garbage' })],
    ['is of another version', { accept: true }, () => ({ contextvars: '{"v":2,"vars":[]}' })],
    ['is not signed', { accept: true, verify }, () => injectContext({}, { context: contextOf('forged') })],
    ['lacks what is required', { accept: true, required: [plan] }, () => ({})],
  ];

  test.each(cases)('is refused before any guard where it %s', async (_, options, carrier) => {
    const { client, desk, logger } = await start(transport, options, 'plain');

    const message =
      transport.name === 'gRPC' ? '3 INVALID_ARGUMENT: Invalid context carrier' : 'Invalid context carrier';
    await expect(client.ask({ label: 'a' }, { 'x-mine': 'a', ...carrier() })).rejects.toMatchObject({
      message,
    });

    expect(desk.sightings).toEqual([]);
    expect(logger.lines).toEqual([expect.stringContaining('The carrier is refused')]);
  });

  test('is handled with an empty context where the options say so', async () => {
    const { client, logger } = await start(transport, { accept: true, onInvalid: 'empty' }, 'plain');

    const answer = await client.ask({ label: 'a' }, { contextvars: 'garbage' });

    expect(answer).toMatchObject({ tenant: 'none' });
    expect(logger.lines).toEqual([expect.stringMatching(/^warn: The carrier is refused.*empty context/)]);
  });

  test('costs no message anything where nothing was to be taken but the ids', async () => {
    const { client } = await start(transport, {}, 'plain');

    expect(await client.ask({ label: 'a' }, { contextvars: 'garbage' })).toMatchObject({ tenant: 'none' });
  });
});
