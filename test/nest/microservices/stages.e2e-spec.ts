import { currentUnit } from 'nestjs-contextvars';
import { concatMap, delay, from, of, throwError } from 'rxjs';
import { until } from '../http/support/until.js';
import { startDesk, stopDesks } from './support/running-desk.js';
import { STAGES } from './support/stages.js';
import { describeTransports } from './support/transports.js';
import { seen } from './support/variables.js';

afterEach(stopDesks);

describeTransports('the stages of a message', (transport) => {
  const ways = transport.hasEvents ? (['request', 'event'] as const) : (['request'] as const);

  test.each(ways)('all see one unit of work of kind rpc, and what the guard has set: %s', async (way) => {
    const { desk, client } = await startDesk(transport);

    if (way === 'request') await client.ask({ label: 'a' });
    else await client.tell({ label: 'a' });
    await until('the interceptor is through', () => desk.stages('a').includes('interceptor after'));

    expect(desk.stages('a')).toEqual([...STAGES, 'interceptor after']);
    expect(desk.units('a')).toEqual([expect.any(String)]);
    expect(desk.values('a')).toEqual(['nothing', 'a']);
    expect(desk.sightings.map(({ kind }) => kind)).toEqual(Array(6).fill('rpc'));
  });

  test.each(ways)('an error in the handler does not lose the context: %s', async (way) => {
    const { desk, client } = await startDesk(transport);
    desk.answer = async () => {
      await new Promise(setImmediate);
      throw new Error('broken');
    };

    if (way === 'request') {
      const message = transport.name === 'gRPC' ? '2 UNKNOWN: broken of a' : 'broken of a';
      await expect(client.ask({ label: 'a' })).rejects.toMatchObject({ message });
    } else await client.tell({ label: 'a' });
    await until('the filter is through', () => desk.stages('a').includes('filter'));

    expect(desk.stages('a')).toEqual([...STAGES, 'interceptor error', 'filter']);
    expect(desk.units('a')).toHaveLength(1);
  });

  test('an error in the stream of answers does not lose it either', async () => {
    const { desk, client } = await startDesk(transport);
    desk.answer = () => throwError(() => new Error('broken')).pipe(delay(0));

    await expect(client.ask({ label: 'a' })).rejects.toMatchObject({
      message: expect.stringContaining('broken of a'),
    });

    expect(desk.stages('a')).toEqual([...STAGES, 'interceptor error', 'filter']);
    expect(desk.units('a')).toHaveLength(1);
  });

  test('a guard that refuses has its exception filter in the same unit', async () => {
    const { desk, client } = await startDesk(transport);

    await expect(client.ask({ label: 'forbidden' })).rejects.toMatchObject({
      message: expect.stringContaining('of forbidden'),
    });

    expect(desk.stages('forbidden')).toEqual(['before guard', 'guard', 'filter']);
    expect(desk.units('forbidden')).toHaveLength(1);
  });

  test('a stream of answers runs in the unit, each of its turns', async () => {
    const { desk, client } = await startDesk(transport);
    // A call of gRPC that is not a stream has one answer.
    const values = transport.name === 'gRPC' ? [1] : [1, 2];
    desk.answer = ({ label }) =>
      from(values).pipe(
        concatMap((n) => of(n).pipe(delay(1))),
        concatMap(async (n) => `${n} ${seen.get()} ${currentUnit()?.id === desk.units(label)[0]}`),
      );

    expect(await client.ask({ label: 'a' })).toBe('1 a true');
  });
});
