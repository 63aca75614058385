import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get } from '@nestjs/common';
import { ContextModule, RequestContext } from 'nestjs-contextvars';
import {
  type Codec,
  ContextVar,
  codecs,
  currentCorrelationId,
  currentRequestId,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from 'nestjs-contextvars/core';
import { type AcceptedVariable, acceptHttpContext, extractHttpContext } from 'nestjs-contextvars/http';
import { adapters, createApp, listen } from '../../nest/http/support/adapters.js';
import { attempts, local, tenant } from './support/contexts.js';

const locale = new ContextVar<string>('locale', { codec: codecs.string });
const failing = new ContextVar<string>('failing', {
  codec: {
    encode: (value) => value,
    decode: () => {
      throw new Error('decodes nothing');
    },
  } satisfies Codec<string>,
});
const role = new ScopedValue<string>('role');

const everyone = () => true;
const nobody = () => false;
const isGateway = (request: { headers: Record<string, unknown> }) => request.headers['x-gateway'] === 'key';
const request = (baggage: string, headers: Record<string, string> = {}) => ({
  headers: { baggage, ...headers },
});
const values = () => ({ tenant: tenant.get(null), attempts: attempts.get(null), locale: locale.get(null) });
const UNSET = { tenant: null, attempts: null, locale: null };

const all: AcceptedVariable[] = [
  { variable: tenant, from: everyone },
  { variable: attempts, from: everyone },
  { variable: locale, from: isGateway },
];

/** What `accept` sets in a unit of work of its own. */
function accepted(given: ReturnType<typeof request>, rules: readonly AcceptedVariable[] = all) {
  return runUnitOfWork({ kind: 'test' }, () => {
    const { variables, refused } = acceptHttpContext(given, rules);
    return { names: variables.map(({ name }) => name).sort(), refused, ...values() };
  });
}

describe('acceptHttpContext', () => {
  it('sets each variable that its peer is trusted with, and nothing else', () => {
    const baggage = 'tenant=acme,attempts=3,locale=de,secret=1,local=x,context.requestId=r';
    expect(accepted(request(baggage))).toEqual({
      names: ['attempts', 'tenant'],
      refused: undefined,
      tenant: 'acme',
      attempts: 3,
      locale: null,
    });
    expect(accepted(request(baggage, { 'x-gateway': 'key' }))).toMatchObject({
      tenant: 'acme',
      locale: 'de',
    });
  });

  it('sets nothing where no rule is met, or there are none', () => {
    const nothing = { names: [], refused: undefined, ...UNSET };
    expect(accepted(request('tenant=acme'), [])).toEqual(nothing);
    expect(accepted(request('tenant=acme'), [{ variable: tenant, from: nobody }])).toEqual(nothing);
    expect(accepted({ headers: {} } as never)).toEqual(nothing);
  });

  it('takes only true for a yes', () => {
    for (const answer of [1, 'yes', {}, Promise.resolve(true)]) {
      expect(
        accepted(request('tenant=acme'), [{ variable: tenant, from: () => answer as never }]),
      ).toMatchObject(UNSET);
    }
  });

  it('does not look at the baggage of a peer that is trusted with nothing', () => {
    const headers = Object.defineProperty({}, 'baggage', { get: () => 'a="' });
    expect(accepted({ headers } as never, [{ variable: tenant, from: nobody }])).toMatchObject({
      refused: undefined,
    });
  });

  it.each<[string, string, string]>([
    ['a key twice', 'tenant=acme,tenant=victim', 'duplicate'],
    ['a header twice that Node has joined', 'tenant=acme, tenant=victim', 'duplicate'],
    ['bad encoding of what nobody asked for', 'tenant=acme,other=%zz', 'malformed'],
    ['an encoded line break', 'tenant=acme%0aFAKE,attempts=3', 'control-character'],
    ['a value that the codec did not write', 'tenant=acme,attempts=03', 'codec'],
    ['an entry that is too large', `tenant=acme,attempts=3,x=${'y'.repeat(300)}`, 'entry-too-large'],
    ['too many bytes', `tenant=acme,${'x'.repeat(9000)}`, 'too-large'],
    [
      'too many entries',
      `tenant=acme,${Array.from({ length: 64 }, (_, i) => `k${i}=v`)}`,
      'too-many-entries',
    ],
    ['text where there should be more', 'tenant=acme,attempts', 'malformed'],
  ])('refuses the whole baggage with %s, and says so once, without its content', (_, baggage, reason) => {
    const messages: unknown[] = [];
    const note = (message: unknown) => void messages.push(message);
    subscribe('nestjs-contextvars:http:refused', note);
    expect(accepted(request(baggage))).toEqual({ names: [], refused: reason, ...UNSET });
    unsubscribe('nestjs-contextvars:http:refused', note);
    expect(messages).toEqual([{ unit: expect.objectContaining({ kind: 'test' }), reason }]);
    expect(JSON.stringify(messages)).not.toMatch(/acme|FAKE/);
  });

  it('does not ask the codec of a variable that is not accepted', () => {
    const rules = [
      { variable: tenant, from: everyone },
      { variable: failing, from: nobody },
    ];
    expect(accepted(request('tenant=acme,failing=x'), rules)).toMatchObject({
      tenant: 'acme',
      refused: undefined,
    });
    expect(
      accepted(request('tenant=acme,failing=x'), [...rules, { variable: failing, from: everyone }]),
    ).toMatchObject({
      tenant: null,
      refused: 'codec',
    });
  });

  it('leaves what is set where the baggage says nothing of it, or is refused', () => {
    runUnitOfWork({ kind: 'test' }, () => {
      tenant.set('before');
      acceptHttpContext(request('locale=de'), all);
      acceptHttpContext(request('tenant=a,tenant=b'), all);
      expect(tenant.get()).toBe('before');
    });
  });

  it.each<[string, () => unknown, object]>([
    [
      'outside any context',
      () => acceptHttpContext(request('tenant=a'), all),
      { code: 'ERR_NO_ACTIVE_CONTEXT' },
    ],
    [
      'a variable without a codec',
      () => accepted(request(''), [{ variable: local, from: everyone }]),
      { code: 'ERR_NOT_PORTABLE' },
    ],
    [
      'a ScopedValue',
      () => accepted(request(''), [{ variable: role as never, from: everyone }]),
      { code: 'ERR_NOT_PORTABLE' },
    ],
    [
      'a rule without a predicate',
      () => accepted(request(''), [{ variable: tenant } as never]),
      { name: 'TypeError' },
    ],
    ['what is no rule', () => accepted(request(''), [undefined as never]), { name: 'TypeError' }],
    ['no rules', () => accepted(request(''), null as never), { name: 'TypeError' }],
    ['no request', () => accepted(undefined as never), { name: 'TypeError' }],
    ['headers of another kind', () => accepted({ headers: new Headers() } as never), { name: 'TypeError' }],
    [
      'a predicate that throws',
      () =>
        accepted(request(''), [
          {
            variable: tenant,
            from: () => {
              throw new Error('down');
            },
          },
        ]),
      { message: 'down' },
    ],
  ])('throws for %s', (_, call, error) => {
    expect(call).toThrow(expect.objectContaining(error));
  });

  it('sets all or none where a variable cannot be set', async () => {
    const outcome = await runUnitOfWork({ kind: 'test' }, async () => {
      let left: Promise<unknown> | undefined;
      withTempContext([attempts.as(1)], () => {
        left = Promise.resolve().then(async () => {
          // By now the temporary scope has ended, and this work is left running in it.
          await new Promise(setImmediate);
          return [acceptOutcome(request('attempts=3,tenant=acme')), tenant.get(null)];
        });
      });
      return left;
    });
    expect(outcome).toEqual(['ERR_SCOPE_ENDED', null]);
  });
});

function acceptOutcome(given: ReturnType<typeof request>): unknown {
  try {
    return acceptHttpContext(given, all);
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('extractHttpContext', () => {
  const ids = (given: object, options = {}) =>
    runUnitOfWork(
      { kind: 'http', id: 'unit', context: extractHttpContext({ headers: given as never }, options) },
      () => [currentRequestId(), currentCorrelationId()],
    );

  it.each<[string, object, object, [string, string]]>([
    ['both ids', { 'x-request-id': 'r-1', 'x-correlation-id': 'c-1' }, {}, ['r-1', 'c-1']],
    ['one id for both', { 'x-request-id': 'r-1' }, {}, ['r-1', 'r-1']],
    ['none', {}, {}, ['unit', 'unit']],
    [
      'ids that are not well-formed',
      { 'x-request-id': 'a b', 'x-correlation-id': 'c\td' },
      {},
      ['unit', 'unit'],
    ],
    [
      'ids that were sent twice',
      { 'x-request-id': 'a, b', 'x-correlation-id': ['a', 'b'] },
      {},
      ['unit', 'unit'],
    ],
    ['ids that are too long', { 'x-request-id': 'a'.repeat(129) }, {}, ['unit', 'unit']],
    ['ids that are not accepted', { 'x-request-id': 'r-1' }, { acceptIds: false }, ['unit', 'unit']],
    [
      'ids of a peer that is not trusted',
      { 'x-request-id': 'r-1' },
      { acceptIds: isGateway },
      ['unit', 'unit'],
    ],
    [
      'ids of a trusted peer',
      { 'x-request-id': 'r-1', 'x-gateway': 'key' },
      { acceptIds: isGateway },
      ['r-1', 'r-1'],
    ],
    [
      'ids beside a refused baggage',
      { 'x-request-id': 'r-1', baggage: 'tenant=a,tenant=b' },
      { accept: all },
      ['r-1', 'r-1'],
    ],
    [
      'ids beside a value of no codec',
      { 'x-request-id': 'r-1', baggage: 'attempts=a' },
      { accept: all },
      ['r-1', 'r-1'],
    ],
    ['an id in the baggage', { baggage: 'context.requestId=r-1' }, { accept: all }, ['unit', 'unit']],
  ])('%s', (_, headers, options, expected) => expect(ids(headers, options)).toEqual(expected));

  it('gives the accepted variables, and opens no unit of work', () => {
    const opened: unknown[] = [];
    const note = (message: unknown) => void opened.push(message);
    subscribe('nestjs-contextvars:unit:start', note);
    const context = extractHttpContext(request('tenant=acme,attempts=3', { 'x-request-id': 'r-1' }), {
      accept: all,
    });
    unsubscribe('nestjs-contextvars:unit:start', note);
    expect(opened).toEqual([]);
    expect([context.get(tenant), context.get(attempts)]).toEqual(['acme', 3]);
  });

  it('in a server of Node, where overlapping requests keep apart', async () => {
    const server = createServer((incoming: IncomingMessage, response) => {
      const rules = [
        { variable: tenant, from: (peer: IncomingMessage) => peer.socket.remoteAddress === '127.0.0.1' },
      ];
      const context = extractHttpContext(incoming, { accept: rules });
      void runUnitOfWork({ kind: 'http', context }, async () => {
        await new Promise(setImmediate);
        response.end(JSON.stringify([currentRequestId(), tenant.get(null)]));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ask = async (i: number) => {
      const headers = { 'x-request-id': `r${i}`, baggage: [`tenant=t${i}`, 'other=1'] };
      const [answer] = await once(get({ port, headers: headers as never }), 'response');
      let text = '';
      for await (const chunk of answer) text += chunk;
      return JSON.parse(text);
    };
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(i)));
    expect(answers).toEqual(answers.map((_, i) => [`r${i}`, `t${i}`]));
    server.close();
  });
});

@Controller()
class WhoController {
  constructor(private readonly context: RequestContext) {}
  @Get() who(): unknown {
    return { id: this.context.id, user: local.get(null), ...values() };
  }
}

describe.each(adapters)('in the set-up of ContextModule on %s', (adapter) => {
  it('beside what the application sets up itself', async () => {
    class AppModule {}
    const app = await createApp(adapter, {
      module: AppModule,
      controllers: [WhoController],
      imports: [
        ContextModule.forRoot({
          async setup(context, incoming) {
            const { refused } = acceptHttpContext(incoming, [
              { variable: tenant, from: isGateway },
              { variable: attempts, from: (peer) => peer.socket.remoteAddress !== undefined },
            ]);
            await new Promise(setImmediate);
            context.set(local, refused ?? 'fine');
          },
        }),
      ],
    });
    const port = await listen(app);
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`http://127.0.0.1:${port}/`, { headers })).json();
    const baggage = 'tenant=acme,attempts=3,locale=de';
    expect(await ask({ baggage, 'x-gateway': 'key', 'x-request-id': 'r' })).toEqual({
      id: 'r',
      user: 'fine',
      tenant: 'acme',
      attempts: 3,
      locale: null,
    });
    expect(await ask({ baggage })).toMatchObject({ user: 'fine', tenant: null, attempts: 3 });
    expect(await ask({ baggage: `${baggage},tenant=x` })).toMatchObject({ ...UNSET, user: 'duplicate' });
    await app.close();
  });
});
