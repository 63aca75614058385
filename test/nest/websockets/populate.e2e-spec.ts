// `populate` and `@Populate` for messages of gateways.

import { Injectable } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type ContextPopulator, ContextVar, Populate, type RequestContext } from 'nestjs-contextvars';
import { connect, start, stop } from './support/gateway-app.js';
import { kinds } from './support/kinds.js';

afterEach(stop);

const steps = new ContextVar<string>('steps', { default: '' });
const note = (step: string) => async (context: RequestContext) => {
  await null;
  context.set(steps, `${context.get(steps)}${step} `);
};
const reply = (data: unknown) => ({ event: 'answer', data });

@Injectable()
class Tenants implements ContextPopulator {
  populate(context: RequestContext, executionContext: { switchToWs(): { getData(): unknown } }) {
    context.set(steps, `${steps.get()}tenant of ${executionContext.switchToWs().getData()} `);
  }
}

@WebSocketGateway()
@Populate(note('class'))
class Gateway {
  @SubscribeMessage('steps')
  @Populate(Tenants, note('handler'))
  steps(@MessageBody() _: string) {
    return reply(steps.get());
  }
  @SubscribeMessage('others')
  others() {
    return reply(steps.get());
  }
}

@WebSocketGateway()
class Bare {
  @SubscribeMessage('bare')
  bare() {
    return reply(steps.get());
  }
}

describe.each(kinds)('over $name', (kind) => {
  it('run once for a message, in their order, before the handler', async () => {
    const options = { populate: note('module') };
    const app = await start(kind, { gateways: [Gateway, Bare], providers: [Tenants], options });
    const client = await connect(kind, app);
    for (const [event, expected] of [
      ['steps', 'module class tenant of acme handler '],
      ['steps', 'module class tenant of acme handler '],
      ['others', 'module class '],
      ['bare', 'module '],
    ]) {
      client.send(String(event), 'acme');
      expect(await client.next('answer')).toBe(expected);
    }
  });

  it('run also where Nest gives gateways no global interceptors, as before version 12', async () => {
    const options = { populate: note('module') };
    const app = await start(kind, { gateways: [Bare], options }, (nest) =>
      nest.get(ApplicationConfig).getGlobalInterceptors().splice(0),
    );
    const client = await connect(kind, app);
    client.send('bare');
    expect(await client.next('answer')).toBe('module ');
  });

  it('are those of the application that the message came to', async () => {
    const apps = [
      await start(kind, { gateways: [Bare], options: { populate: note('first application') } }),
      await start(kind, { gateways: [Bare], options: { populate: note('second application') } }),
      await start(kind, { gateways: [Bare] }),
    ];
    const seen: unknown[] = [];
    for (const app of apps) {
      const client = await connect(kind, app);
      client.send('bare');
      seen.push(await client.next('answer'));
    }
    expect(seen).toEqual(['first application ', 'second application ', '']);
  });
});
