import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Body, Controller, Get, Logger, Param, Post, Query } from '@nestjs/common';
import { withTempContext } from 'nestjs-contextvars';
import { adapters } from '../../nest/http/support/adapters.js';
import { until } from '../../nest/http/support/until.js';
import { Output, restoreNestLogger } from '../../nest/logging/support/output.js';
import { startApp, stopApps } from '../../nest/module/support/running-app.js';
import { Looker } from './support/looker.js';
import { note, role, shop } from './support/shop.js';
import { listenedTo } from './support/subscribers.js';

let output: Output;

beforeEach(() => {
  output = new Output();
});
afterEach(async () => {
  await stopApps();
  output.release();
  restoreNestLogger();
});

const HUGE = 'x'.repeat(100_000);

/** Values that do something when they are looked at. */
const hostile: Record<string, () => unknown> = {
  'a getter that throws': () => Object.defineProperty({}, 'x', { enumerable: true, get: throwing('getter') }),
  'a toJSON that throws': () => ({ toJSON: throwing('toJSON') }),
  'a proxy that throws': () =>
    new Proxy({}, { ownKeys: throwing('proxy'), get: throwing('proxy'), getPrototypeOf: throwing('proxy') }),
  'a proxy that is revoked': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  'a cycle': () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    return cycle;
  },
  'a huge text': () => HUGE,
  'a deep object': () => {
    let deep: unknown = 'bottom';
    for (let i = 0; i < 10_000; i++) deep = { deep };
    return deep;
  },
  'a getter that logs': () =>
    Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        new Logger('Getter').log('read');
        return withTempContext([role.as('read')], () => 1);
      },
    }),
  'a bigint': () => 10n ** 5000n,
  'a symbol': () => Symbol('symbol'),
};

function throwing(name: string): () => never {
  return () => {
    throw new Error(`${name} was asked`);
  };
}

@Controller()
class HostileController {
  readonly #logger = new Logger('Hostile');

  @Get('hostile/:name')
  async hostile(@Param('name') name: string): Promise<string> {
    const value = hostile[name]?.();
    this.#logger.log(value);
    return withTempContext([note.as(value)], async () => {
      this.#logger.log('goes on');
      return 'served';
    });
  }

  @Get('many')
  async many(@Query('scopes') scopes: string, @Query('lines') lines: string): Promise<string> {
    for (let i = 0; i < Number(scopes); i++) withTempContext([note.as(i)], () => undefined);
    for (let i = 0; i < Number(lines); i++) this.#logger.log(`line ${i} ${HUGE}`);
    return 'served';
  }

  @Post('secrets')
  secrets(@Body() body: unknown): Promise<string> {
    this.#logger.log({ outer: { Token: 'log-token' }, kept: 'kept' });
    return withTempContext([note.as({ token: 'bound-token', plain: 'plain', body })], async () => 'served');
  }
}

const parts = (inspector: object = {}) =>
  shop({ inspector: { enabled: true, ...inspector }, controllers: [HostileController] });

describe.each(adapters)('on %s', (adapter) => {
  test.each(Object.keys(hostile))('%s harms neither the request nor what is shown of it', async (name) => {
    const complaints: unknown[] = [];
    const complain = (error: unknown) => void complaints.push(error);
    process.on('uncaughtException', complain);
    const app = await startApp(adapter, parts());
    const looker = await Looker.at(app.port);
    const path = `/hostile/${encodeURIComponent(name)}`;
    expect(await app.get(path)).toMatchObject({ status: 200, text: 'served' });
    const { entries, lines } = await looker.over(path);
    const [scope, ...others] = entries.filter(({ bindings }) => bindings?.[0]?.name === 'note');
    expect(scope).toMatchObject({
      type: 'scope',
      outcome: 'ended',
      bindings: [{ value: expect.any(String) }],
    });
    expect(others).toEqual([]);
    expect(lines.at(-1)).toMatchObject({ text: 'goes on', parent: scope?.id });
    expect(lines[0]?.text.length).toBeLessThanOrEqual(1024);
    expect(scope?.bindings?.[0]?.value?.length).toBeLessThanOrEqual(256);
    // What a subscriber throws is rethrown on the next tick.
    await setTimeout(1);
    process.off('uncaughtException', complain);
    expect(complaints).toEqual([]);
  });

  test('texts of others are shown as they are, on one line', async () => {
    const app = await startApp(adapter, parts());
    const looker = await Looker.at(app.port);
    const evil = '<img src=x onerror=alert(1)>';
    await app.send({
      method: 'POST',
      path: `/orders/${encodeURIComponent(`${evil}\n\u202e`)}/refund`,
      headers: { 'x-tenant': evil },
    });
    await until('it is over', () => looker.requests[0]?.outcome !== undefined);
    const [{ fields, lines }] = looker.requests as [(typeof looker.requests)[number]];
    expect(fields.tenant).toBe(evil);
    expect(lines[1]?.text).toBe(`refunds order ${evil}\\n\\u202e`);
    // An event ends with an empty line: nobody's text can end it.
    expect(
      looker.text.split('\n').every((line) => /^(|retry: \d+|event: \w+|data: \{.*\})$/.test(line)),
    ).toBe(true);
  });

  test('names that are said to be secret are hidden, at every level and in any case', async () => {
    const app = await startApp(adapter, parts({ secrets: ['token', 'tenant', 'role'] }));
    const looker = await Looker.at(app.port);
    await app.send({
      method: 'POST',
      path: '/secrets',
      headers: { 'x-tenant': 'hidden-tenant', 'content-type': 'application/json' },
      body: '{"deep":[{"TOKEN":"body-token"}]}',
    });
    const { fields, entries, lines } = await looker.over('/secrets');
    expect(fields).toMatchObject({ tenant: '[hidden]', user: 'ada' });
    expect(JSON.parse(entries[0]?.bindings?.[0]?.value ?? '')).toEqual({
      token: '[hidden]',
      plain: 'plain',
      body: { deep: [{ TOKEN: '[hidden]' }] },
    });
    expect(JSON.parse(lines[0]?.text ?? '')).toEqual({ outer: { Token: '[hidden]' }, kept: 'kept' });
    await app.send({ method: 'POST', path: '/orders/7/refund' });
    const refund = await looker.over('/orders/7/refund');
    expect(refund.entries[0]?.bindings).toEqual([{ name: 'role' }, { name: 'password' }]);
    expect(looker.text).not.toMatch(/hidden-tenant|(bound|log|body)-token|ledger-writer/);
  });

  test('of a request with ever so many scopes and lines, so many are kept, and it says how many are not', async () => {
    const app = await startApp(adapter, parts());
    const looker = await Looker.at(app.port);
    await app.get('/many?scopes=1000&lines=300');
    const { entries, lines, leftOut } = await looker.over('/many');
    expect([entries.length, lines.length, leftOut]).toEqual([200, 100, { entries: 800, lines: 200 }]);
    expect(lines.every(({ text }) => text.length <= 1024)).toBe(true);
  });

  test('the last N requests are kept: who looks later sees these', async () => {
    const app = await startApp(adapter, parts({ requests: 3 }));
    const first = await Looker.at(app.port);
    for (let i = 0; i < 5; i++) await app.get(`/nowhere/${i}`);
    await first.over('/nowhere/4');
    const second = await Looker.at(app.port);
    await until('it has caught up', () => second.requests.length >= 3);
    expect(second.requests.map(({ title }) => title)).toEqual(['/nowhere/2', '/nowhere/3', '/nowhere/4']);
    expect(second.hello).toMatchObject({ requests: 3, session: first.hello?.session });
  });

  test('while nobody looks nothing listens, and what happens then is not recorded', async () => {
    const app = await startApp(adapter, parts());
    expect(listenedTo()).toEqual([]);
    await app.get('/nowhere/before');
    const first = await Looker.at(app.port);
    const second = await Looker.at(app.port);
    expect(listenedTo()).toContain('request:start');
    await app.get('/nowhere/seen');
    await first.over('/nowhere/seen');
    await first.leave();
    await app.get('/nowhere/by-second');
    await second.over('/nowhere/by-second');
    await second.leave();
    await until('nothing listens', () => listenedTo().length === 0);
    await app.get('/nowhere/after');
    const third = await Looker.at(app.port);
    await app.get('/nowhere/again');
    await third.over('/nowhere/again');
    const titles = third.requests.map(({ title }) => title);
    expect(titles).toEqual(['/nowhere/seen', '/nowhere/by-second', '/nowhere/again']);
  });

  test('a request whose end nobody saw says so', async () => {
    const app = await startApp(adapter, parts());
    const first = await Looker.at(app.port);
    const slow = app.get('/slow');
    await until('it is seen', () => first.requests.length === 1);
    await first.leave();
    await slow;
    const second = await Looker.at(app.port);
    await until('it is there', () => second.requests.length === 1);
    expect(second.requests[0]).toMatchObject({ title: '/slow', unseen: true });
    expect(second.requests[0]).not.toHaveProperty('outcome');
  });

  test('for a page that does not read nothing piles up, and it gets the last state of all when it does', async () => {
    const app = await startApp(adapter, parts({ requests: 20 }));
    const quick = await Looker.at(app.port);
    const server: Server = app.app.getHttpServer();
    const connected = once(server, 'connection') as Promise<[Socket]>;
    const page = connect(app.port, '127.0.0.1');
    page.write('GET /inspector/events HTTP/1.1\r\nhost: x\r\n\r\n');
    const [held] = await connected;
    await once(page, 'readable');
    const isBlocked = () => held.writableNeedDrain;
    const load = () => Promise.all(Array.from({ length: 10 }, () => app.get('/many?scopes=200&lines=100')));
    for (let i = 0; i < 100 && !isBlocked(); i++) {
      await load();
      await quick.over('/many');
    }
    expect(isBlocked()).toBe(true);
    const before = held.writableLength;
    for (let i = 0; i < 3; i++) await load();
    await app.get('/tick');
    const { key } = await quick.over('/tick');
    // Not one message more.
    expect(held.writableLength).toBe(before);
    let text = '';
    page.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    await until('it has caught up', () => text.includes(`{"key":${key},`));
    page.destroy();
  });
});
