import { BadRequestException } from '@nestjs/common';
import { type ContextModuleOptions, currentUnit, type RequestEnd, runUnitOfWork } from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { MemoryLogger } from './support/memory-logger.js';
import { ProbeController } from './support/probe.controller.js';
import { startApp, stopApps } from './support/running-app.js';

afterEach(stopApps);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const fail = (error: unknown) => () => {
  throw error;
};

describe.each(adapters)('on %s', (adapter) => {
  const start = (options: ContextModuleOptions) =>
    startApp(adapter, { options: { logger: false, ...options }, controllers: [ProbeController] });

  it.each<[string, ContextModuleOptions]>([
    ['requestId.generate', { requestId: { generate: fail(new Error('boom')) } }],
    ['requestId.accept', { requestId: { accept: fail(new Error('boom')) } }],
    ['correlationId.accept', { correlationId: { accept: fail(new Error('boom')) } }],
  ])('%s that throws is a 500 by the exception layer, and the server lives on', async (_, options) => {
    const ends: RequestEnd[] = [];
    const app = await start({ ...options, onEnd: (_context, end) => void ends.push(end) });
    const inbound = options.requestId?.generate ? {} : { 'x-request-id': 'a', 'x-correlation-id': 'b' };
    for (let i = 0; i < 2; i++) {
      const answer = await app.get('/', inbound as Record<string, string>);
      expect(answer.status).toBe(500);
      expect(JSON.parse(answer.text)).toMatchObject({ message: 'Internal server error' });
      expect(answer.headers['x-request-id']).toMatch(options.correlationId ? /^a$/ : UUID);
    }
    await app.close();
    expect(ends).toHaveLength(2);
    expect(ends[0]).toMatchObject({ outcome: 'failed', status: 500, error: { message: 'boom' } });
  });

  it('an HttpException keeps its status', async () => {
    const app = await start({ requestId: { generate: fail(new BadRequestException('no id')) } });
    expect(await app.get('/')).toMatchObject({ status: 400, text: expect.stringContaining('no id') });
  });

  it('undefined that is thrown is an error too', async () => {
    expect((await (await start({ requestId: { generate: fail(undefined) } })).get('/')).status).toBe(500);
    expect((await (await start({ setup: fail(undefined) })).get('/')).status).toBe(500);
  });

  it.each([
    ['a header of its own', 'a\r\nset-cookie: stolen=1'],
    ['a space', 'a b'],
    ['nothing', ''],
    ['129 characters', 'a'.repeat(129)],
    ['no string', 7],
    ['a promise', Promise.resolve('a')],
  ])('a generated id with %s is replaced by a UUID and logged', async (_, id) => {
    const logger = new MemoryLogger();
    const app = await start({ logger, requestId: { generate: () => id as string } });
    const answer = await app.get('/');
    expect(answer.status).toBe(200);
    expect(answer.headers['x-request-id']).toMatch(UUID);
    expect(answer.headers['x-correlation-id']).toBe(answer.headers['x-request-id']);
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(logger.lines).toEqual([expect.stringContaining('requestId.generate gave what does not match')]);
    expect(logger.lines.join()).not.toContain('stolen');
  });

  it('the functions of the options see nothing of what the server was started in', async () => {
    const seen: unknown[] = [];
    const look = (): undefined => {
      seen.push(currentUnit()?.kind);
    };
    const app = await runUnitOfWork({ kind: 'boot' }, () =>
      start({ requestId: { accept: () => Boolean(look()), generate: () => look() ?? 'own' } }),
    );
    expect((await app.get('/', { 'x-request-id': 'theirs' })).headers['x-request-id']).toBe('own');
    expect(seen).toEqual([undefined, undefined]);
  });

  it('a function as `accept` must say true: a promise is a no', async () => {
    const app = await start({ requestId: { accept: (async () => true) as never } });
    expect((await app.get('/', { 'x-request-id': 'theirs' })).headers['x-request-id']).toMatch(UUID);
  });

  it('headers, `accept`, `generate` and respondWithIds are as the options say', async () => {
    const app = await start({
      requestId: {
        header: 'X-Trace',
        accept: (id) => id.startsWith('ok'),
        generate: (r) => `own-${r.method}`,
      },
      correlationId: { header: 'X-Flow', accept: false },
    });
    const theirs = await app.get('/', { 'x-trace': 'ok-1', 'x-flow': 'f' });
    expect(theirs.headers).toMatchObject({ 'x-trace': 'ok-1', 'x-flow': 'ok-1' });
    expect((await app.get('/', { 'x-trace': 'bad' })).headers).toMatchObject({ 'x-trace': 'own-GET' });
    const silent = await start({ respondWithIds: false });
    expect((await silent.get('/')).headers).not.toHaveProperty('x-request-id');
  });
});
