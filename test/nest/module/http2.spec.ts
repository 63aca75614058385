import { once } from 'node:events';
import { connect } from 'node:http2';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type INestApplication,
  Redirect,
  Res,
  UseFilters,
} from '@nestjs/common';
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

/** Answers by the reply itself, as many filters do. */
@Catch()
class ReplyFilter implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    host.switchToHttp().getResponse().status(500).send({ filtered: true });
  }
}

@Controller()
class StreamsController {
  constructor(private readonly context: RequestContext) {}

  @Get('id') id(): string {
    return this.context.id;
  }

  @Get('slow') async slow(): Promise<string> {
    await this.#held();
    return 'slow';
  }

  @Get('redirected')
  @Redirect('/id')
  async redirected(): Promise<void> {
    await this.#held();
  }

  @Get('by-reply') async byReply(@Res() reply: any): Promise<void> {
    await this.#held();
    reply.send('sent');
  }

  @Get('returned-reply') async returnedReply(@Res() reply: any): Promise<unknown> {
    await this.#held();
    return reply.send('sent');
  }

  @Get('filtered')
  @UseFilters(ReplyFilter)
  async filtered(): Promise<void> {
    await this.#held();
    throw new Error('filtered');
  }

  async #held(): Promise<void> {
    started.open(currentUnit()!);
    await release.passed;
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

  it.each([
    ['handler', '/slow'],
    ['redirect', '/redirected'],
    ['handler that answers itself', '/by-reply'],
    ['handler that returns its reply', '/returned-reply'],
    ['filter that answers itself', '/filtered'],
  ])('a stream that its client cancels is aborted, and ends with its %s', async (_, path) => {
    const client = connect(`http://127.0.0.1:${port}`);
    const stream = client.request({ ':path': path });
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
