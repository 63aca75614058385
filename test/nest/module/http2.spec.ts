import { once } from 'node:events';
import { connect } from 'node:http2';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  ContextModule,
  currentUnit,
  RequestContext,
  type RequestEnd,
  type UnitOfWork,
} from 'nestjs-contextvars';
import { listen } from '../http/support/adapters.js';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';

let started: Gate<UnitOfWork>;
let release: Gate;
const ends: RequestEnd[] = [];

@Controller()
class StreamsController {
  constructor(private readonly context: RequestContext) {}

  @Get('id') id(): string {
    return this.context.id;
  }

  @Get('slow') async slow(): Promise<string> {
    started.open(currentUnit()!);
    await release.passed;
    return 'slow';
  }
}

describe('over HTTP/2, on Fastify', () => {
  let app: INestApplication;
  let port: number;

  beforeEach(async () => {
    started = new Gate();
    release = new Gate();
    ends.length = 0;
    const imports = [ContextModule.forRoot({ onEnd: (_context, end) => void ends.push(end) })];
    class RootModule {}
    app = await NestFactory.create(
      { module: RootModule, imports, controllers: [StreamsController] } as never,
      new FastifyAdapter({ http2: true } as never) as never,
      { logger: false },
    );
    port = await listen(app);
  });
  afterEach(() => app.close());

  it('the streams of one connection are requests of their own', async () => {
    const client = connect(`http://127.0.0.1:${port}`);
    const ids = await Promise.all(
      ['a', 'b', 'c'].map(async (id) => {
        const stream = client.request({ ':path': '/id', 'x-request-id': id });
        let text = '';
        for await (const chunk of stream.setEncoding('utf8')) text += chunk;
        return text;
      }),
    );
    expect(ids).toEqual(['a', 'b', 'c']);
    await until('the ends were reported', () => ends.length === 3);
    expect(new Set(ends.map(({ outcome }) => outcome))).toEqual(new Set(['completed']));
    client.close();
  });

  it('a stream that its client cancels is aborted', async () => {
    const client = connect(`http://127.0.0.1:${port}`);
    const stream = client.request({ ':path': '/slow' });
    stream.on('error', () => {});
    const unit = await started.passed;
    stream.close(8);
    await once(stream, 'close');
    await until('the signal aborted', () => unit.signal.aborted);
    expect(unit.ended).toBe(false);
    release.open();
    await until('the end was reported', () => ends.length === 1);
    expect(ends).toMatchObject([{ outcome: 'aborted', status: undefined }]);
    client.close();
  });
});
