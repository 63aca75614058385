import { once } from 'node:events';
import { get } from 'node:http';
import {
  type Codec,
  ContextError,
  ContextVar,
  codecs,
  createTask,
  runUnitOfWork,
  ScopedValue,
} from 'nestjs-contextvars/core';
import { extractHttpContext, injectHttpContext, propagateOutgoing } from 'nestjs-contextvars/http';
import { z } from 'zod';
import { attempts, carried, contextOf, inUnit, local, NOTHING, tenant } from './support/contexts.js';
import { recordingServer } from './support/recording-server.js';

const note = new ContextVar<string>('order desk: note', { codec: codecs.string });
const user = new ContextVar('user', {
  codec: codecs.json(z.object({ id: z.string(), roles: z.array(z.string()) })),
});
const failing = new ContextVar<string>('failing', {
  codec: {
    encode: () => {
      throw new Error('value: 42');
    },
    decode: (text) => text,
  } satisfies Codec<string>,
});
const role = new ScopedValue<string>('role');

describe('injectHttpContext writes', () => {
  it('the ids and the portable variables that are set, and gives the headers back', () => {
    const headers = { accept: 'text/plain', traceparent: '00-1', tracestate: 'a=1' };
    const given = inUnit('a', () => {
      role.bind('clerk');
      user.set({ id: 'ada', roles: ['clerk'] });
      return injectHttpContext(headers);
    });
    expect(given).toBe(headers);
    expect(headers).toEqual({
      accept: 'text/plain',
      traceparent: '00-1',
      tracestate: 'a=1',
      'x-request-id': 'a',
      'x-correlation-id': 'a',
      baggage: 'tenant=tenant-a,user=%7B%22id%22%3A%22ada%22%2C%22roles%22%3A%5B%22clerk%22%5D%7D',
    });
  });

  it('no baggage where no portable variable is set', () => {
    const headers = runUnitOfWork({ kind: 'test', id: 'a' }, () => injectHttpContext());
    expect(headers).toEqual({ 'x-request-id': 'a', 'x-correlation-id': 'a' });
  });

  it('nothing outside any unit of work', () => {
    const headers = { 'x-request-id': 'own', baggage: 'v=1' };
    expect(injectHttpContext(headers)).toEqual({ 'x-request-id': 'own', baggage: 'v=1' });
    expect(injectHttpContext()).toEqual({});
  });

  it('the ids of the request in a task of it', async () => {
    const context = extractHttpContext({ headers: { 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' } });
    const headers = await runUnitOfWork({ kind: 'http', context }, () =>
      createTask(() => injectHttpContext()),
    );
    expect(headers).toEqual({ 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' });
  });

  it('over ids and entries that are there, whatever their spelling, and beside entries of others', () => {
    const headers: Record<string, string> = {
      'X-Request-ID': 'old',
      Baggage: 'vendor=a%20b;p=1, tenant=old ,%74enant=older,sentry-trace_id=1',
    };
    inUnit('a', () => injectHttpContext(headers));
    expect(headers).toEqual({
      'x-request-id': 'a',
      'x-correlation-id': 'a',
      baggage: 'vendor=a%20b;p=1,sentry-trace_id=1,tenant=tenant-a',
    });
  });

  it('to Headers', () => {
    const headers = new Headers({ Baggage: 'v=1', 'X-Request-Id': 'old' });
    inUnit('a', () => injectHttpContext(headers));
    expect(Object.fromEntries(headers)).toEqual({
      'x-request-id': 'a',
      'x-correlation-id': 'a',
      baggage: 'v=1,tenant=tenant-a',
    });
  });

  it('only the variables that are listed, and does not ask the codecs of others', () => {
    const headers = inUnit('a', () => {
      attempts.set(1);
      failing.set('x');
      return injectHttpContext({}, { variables: [attempts, note] });
    });
    expect(headers).toMatchObject({ baggage: 'attempts=1' });
  });

  it('any text, an empty one too', () => {
    const texts = ['a b', 'a,b;c=d', '"\\', 'Zürich 🍵', '%20', '', '=', '+'];
    for (const text of texts) {
      const headers = inUnit('a', () => {
        note.set(text);
        return injectHttpContext();
      });
      const context = extractHttpContext(
        { headers: { ...headers } },
        { accept: [{ variable: note, from: () => true }] },
      );
      expect(context.get(note)).toBe(text);
    }
  });

  it('what a request of http carries', async () => {
    const server = await recordingServer();
    await inUnit('a', async () => {
      const [response] = await once(get(`${server.origin}/x`, { headers: injectHttpContext() }), 'response');
      response.resume();
      await once(response, 'end');
    });
    expect(server.at('/x').map(contextOf)).toEqual([carried('a')]);
    await server.close();
  });
});

const tooMuch: [string, string, (set: (variable: ContextVar<string>, value: string) => void) => void][] = [
  ['is over 256 bytes with its name', 'ERR_NOT_PORTABLE', (set) => set(note, 'x'.repeat(250))],
  ['has a line break', 'ERR_NOT_PORTABLE', (set) => set(note, 'a\nb')],
  ['has an escape character', 'ERR_NOT_PORTABLE', (set) => set(note, '\x1b[31m')],
  ['has half of a surrogate pair', 'ERR_NOT_PORTABLE', (set) => set(note, '\ud800')],
  ['has a codec that fails', 'ERR_NOT_PORTABLE', (set) => set(failing, 'x')],
];

describe.each(tooMuch)('a variable that %s', (_, code, make) => {
  const set = (variable: ContextVar<string>, value: string) => void variable.set(value);

  it('is an error of injectHttpContext, which has written nothing', () => {
    const headers = { baggage: 'v=1' };
    inUnit('a', () => {
      make(set);
      expect(() => injectHttpContext(headers)).toThrow(expect.objectContaining({ code }) as ContextError);
    });
    expect(headers).toEqual({ baggage: 'v=1' });
  });

  it('does not fail a request of propagateOutgoing, which goes without variables', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const server = await recordingServer();
    using _stop = propagateOutgoing({ origins: [server.origin] });
    await inUnit('a', () => {
      make(set);
      return fetch(`${server.origin}/x`);
    });
    expect(server.at('/x').map(contextOf)).toEqual([{ ...carried('a'), baggage: undefined }]);
    for (const [warning] of warnings.mock.calls) expect(String(warning)).not.toMatch(/xxx|\p{Cc}|42/u);
    warnings.mockRestore();
    await server.close();
  });
});

describe('baggage that is too large together with that of others', () => {
  const others = (count: number, size = 1) =>
    Array.from({ length: count }, (_, i) => `v${i}=${'x'.repeat(size)}`).join();

  it.each([
    ['64 entries', others(64)],
    ['8192 bytes', others(33, 244)],
  ])('is an error over %s', (_, baggage) => {
    const headers = { baggage };
    inUnit('a', () => {
      expect(() => injectHttpContext(headers)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_CARRIER' }),
      );
    });
    expect(headers).toEqual({ baggage });
  });

  it('fits up to that', () => {
    const headers = { baggage: others(63) };
    inUnit('a', () => injectHttpContext(headers));
    expect(headers.baggage).toBe(`${others(63)},tenant=tenant-a`);
  });

  it('stays as it is in a request of propagateOutgoing, which says so', async () => {
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel');
    const messages: any[] = [];
    const listen = (message: unknown) => void messages.push(message);
    subscribe('nestjs-contextvars:http:left-out', listen);
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const server = await recordingServer();
    using _stop = propagateOutgoing({ origins: [server.origin] });
    const headers = { baggage: others(64) };
    await inUnit('a', () => fetch(`${server.origin}/x`, { headers }));
    await inUnit('b', () => fetch(`${server.origin}/y`, { headers }));
    expect(contextOf(server.at('/x')[0] as any)).toEqual({ ...carried('a'), baggage: headers.baggage });
    expect(messages.map(({ unit, error }) => [unit.id, error.code])).toEqual([
      ['a', 'ERR_INVALID_CARRIER'],
      ['b', 'ERR_INVALID_CARRIER'],
    ]);
    expect(warnings).toHaveBeenCalledTimes(1);
    warnings.mockRestore();
    unsubscribe('nestjs-contextvars:http:left-out', listen);
    await server.close();
  });
});

it.each<[string, () => unknown, object]>([
  ['headers that are no object', () => injectHttpContext('a' as never), { name: 'TypeError' }],
  ['headers that are a list', () => injectHttpContext([] as never), { name: 'TypeError' }],
  ['options that are no object', () => injectHttpContext({}, 1 as never), { name: 'TypeError' }],
  [
    'variables that are no list',
    () => injectHttpContext({}, { variables: tenant as never }),
    { name: 'TypeError' },
  ],
  [
    'what is no variable',
    () => injectHttpContext({}, { variables: ['tenant' as never] }),
    { name: 'TypeError' },
  ],
  [
    'a variable without a codec',
    () => injectHttpContext({}, { variables: [local] }),
    { code: 'ERR_NOT_PORTABLE' },
  ],
  [
    'a ScopedValue',
    () => injectHttpContext({}, { variables: [role as never] }),
    { code: 'ERR_NOT_PORTABLE' },
  ],
  [
    'the same for propagateOutgoing',
    () => propagateOutgoing({ origins: [], variables: [local] }),
    { code: 'ERR_NOT_PORTABLE' },
  ],
  ['no options', () => propagateOutgoing(undefined as never), { name: 'TypeError' }],
])('refuses %s', (_, call, error) => {
  expect(call).toThrow(expect.objectContaining(error));
});

it('the context of a unit is not that of another', () => {
  const headers = inUnit('a', () => inUnit('b', () => injectHttpContext()));
  expect(contextOf({ headers })).toEqual(carried('b'));
  expect(contextOf({ headers: injectHttpContext() })).toEqual(NOTHING);
});
