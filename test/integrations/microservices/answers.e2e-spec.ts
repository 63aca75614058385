import { currentUnit, runUnitOfWork } from 'nestjs-contextvars';
import { firstValueFrom, map } from 'rxjs';
import { stopDesks } from '../../nest/microservices/support/running-desk.js';
import { describeTransports } from '../../nest/microservices/support/transports.js';
import { seen, tenant } from '../../nest/microservices/support/variables.js';
import { inRequest, key, keys, role, start } from './support/start-propagating.js';

afterEach(stopDesks);

describeTransports('a client that propagates', (transport) => {
  test('outside any context sends nothing', async () => {
    const { client, messages } = await start(transport, { accept: true });

    const answer = await client.ask({ label: 'a' });

    expect(answer).toMatchObject({ tenant: 'none' });
    expect(messages.map((message) => message.header('contextvars'))).toEqual([undefined]);
  });

  test('gets the answer where it was subscribed to, whoever opened the connection', async () => {
    const { client } = await start(transport, { accept: true });
    const read = (of: string) =>
      runUnitOfWork({ kind: 'test', id: of }, () => {
        seen.set(of);
        return firstValueFrom(
          client.asked({ label: of }).pipe(map(() => `${seen.get('nothing')} ${currentUnit()?.id}`)),
        );
      });

    // Before there is a connection, and on one that somebody else has opened.
    expect(await Promise.all([read('a'), read('c')])).toEqual(['a a', 'c c']);
    expect(await read('b')).toBe('b b');
  });

  test('gets it under the same temporary value, as long as that is in force', async () => {
    const { client } = await start(transport);
    const asked = () => firstValueFrom(client.asked({ label: 'a' }).pipe(map(() => role.get())));

    const inside = await runUnitOfWork({ kind: 'test' }, () => role.run('admin', asked));

    expect(inside).toBe('admin');
  });

  test('sends a temporary value of a variable', async () => {
    const { client } = await start(transport, { accept: true });

    const answer = await inRequest('acme', () => tenant.run('other', () => client.ask({ label: 'a' })));

    expect(answer).toMatchObject({ tenant: 'other' });
  });

  test('sends what is set when it is asked, whatever is set before it is sent', async () => {
    const { client } = await start(transport, { accept: true });

    const answers = inRequest('none', () =>
      ['acme', 'globex'].map((of) => {
        tenant.set(of);
        return client.ask({ label: of });
      }),
    );

    expect(await Promise.all(answers)).toMatchObject([{ tenant: 'acme' }, { tenant: 'globex' }]);
  });

  test('does not send a message without what is required', async () => {
    const { client, desk } = await start(transport, {}, { required: [tenant] });

    const answer = runUnitOfWork({ kind: 'test' }, () => client.ask({ label: 'a' }));

    await expect(answer).rejects.toMatchObject({ code: 'ERR_NOT_PORTABLE' });
    expect(desk.handled).toEqual([]);
  });

  test('signs, and the handler takes what is signed for it', async () => {
    const sign = { keyId: 'k1', key, ttlMs: 60_000, audience: 'desk' };
    const { client } = await start(transport, { accept: true, verify: { keys, audience: 'desk' } }, { sign });

    expect(await inRequest('acme', () => client.ask({ label: 'a' }))).toMatchObject({ tenant: 'acme' });
  });
});
