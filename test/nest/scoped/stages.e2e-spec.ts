// One instance serves all stages of a request, through what singletons of every kind hold.

import { Readable } from 'node:stream';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Injectable,
  type MessageEvent,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  Param,
  type PipeTransform,
  Query,
  Sse,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import { ContextModule, ContextScoped, Populate, RequestContext, scopedProvider } from 'nestjs-contextvars';
import { interval, map, type Observable, take, tap } from 'rxjs';
import { adapters } from '../http/support/adapters.js';
import { until } from '../http/support/until.js';
import { startModule, stopApps } from '../module/support/running-app.js';
import { clearTrails, Trail, trails } from './support/trail.js';

afterEach(stopApps);
afterEach(clearTrails);

/** As an application that keeps a reference for its decorators and options, which Nest injects nothing into. */
let held: Trail;

@Injectable()
class TrailMiddleware implements NestMiddleware {
  constructor(private readonly trail: Trail) {}
  use(_request: unknown, _response: unknown, next: () => void): void {
    this.trail.note('middleware');
    next();
  }
}

@Injectable()
class TrailGuard implements CanActivate {
  constructor(private readonly trail: Trail) {}
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await new Promise(setImmediate);
    this.trail.note('guard');
    if (context.getHandler().name === 'guarded') throw new ForbiddenException();
    return true;
  }
}

@Injectable()
class TrailInterceptor implements NestInterceptor {
  constructor(private readonly trail: Trail) {}
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.trail.note('before');
    return next.handle().pipe(tap({ error: () => this.trail.note('error') }));
  }
}

@Injectable()
class TrailPipe implements PipeTransform {
  constructor(private readonly trail: Trail) {}
  transform(value: unknown): unknown {
    this.trail.note('pipe');
    return value;
  }
}

@Catch()
@Injectable()
class TrailFilter implements ExceptionFilter {
  constructor(
    private readonly trail: Trail,
    private readonly host: HttpAdapterHost,
  ) {}
  catch(_error: unknown, host: ArgumentsHost): void {
    this.trail.note('filter');
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), this.trail.text, 418);
  }
}

/** A context-scoped class can be a guard itself, behind an alias: what Nest holds is its stand-in. */
@ContextScoped()
class ScopedGuard implements CanActivate {
  #calls = 0;
  constructor(private readonly trail: Trail) {}
  canActivate(): boolean {
    this.#calls += 1;
    this.trail.note(`scoped guard ${this.#calls}`);
    return true;
  }
}

const Noted = createParamDecorator((stage: string, context: ExecutionContext) => {
  held.note(stage);
  return context.getHandler().name;
});

@Controller()
@UseFilters(TrailFilter)
class Desk {
  constructor(private readonly trail: Trail) {}

  @Get('all')
  @UseGuards(TrailGuard)
  @UseInterceptors(TrailInterceptor)
  @Populate(() => held.note('populate'))
  all(@Noted('decorator') name: string): string {
    this.trail.note(name);
    return this.trail.text;
  }

  @Get('fails/:why') @UseInterceptors(TrailInterceptor) fails(@Param('why') why: string): string {
    this.trail.note('handler');
    throw new Error(why);
  }

  @Get('itself') async itself(): Promise<Trail> {
    this.trail.note('itself');
    return this.trail;
  }

  @Get('guarded') @UseGuards(TrailGuard) guarded(): void {}

  @Sse('events') events(@Query('n') n: string): Observable<MessageEvent> {
    return interval(1).pipe(
      take(Number(n)),
      map((i) => {
        this.trail.note(`event ${i}`);
        return { data: String(this.trail.stages.length) };
      }),
    );
  }

  @Get('file') file(): StreamableFile {
    const lines = async function* (trail: Trail) {
      for (let i = 0; i < 3; i++) {
        await new Promise(setImmediate);
        trail.note(`line ${i}`);
        yield `${trail.stages.length}\n`;
      }
    };
    return new StreamableFile(Readable.from(lines(this.trail)));
  }
}

const ends: string[] = [];

@Module({
  imports: [
    ContextModule.forRoot({
      logger: false,
      setup: () => held.note('setup'),
      onEnd: (context: RequestContext) => {
        held.note('end');
        ends.push(`${context.id}: ${held.text}`);
      },
    }),
  ],
  controllers: [Desk],
  providers: [
    scopedProvider(Trail),
    scopedProvider(ScopedGuard),
    { provide: APP_GUARD, useExisting: ScopedGuard },
    { provide: APP_INTERCEPTOR, useFactory: (trail: Trail) => new TrailInterceptor(trail), inject: [Trail] },
    { provide: APP_PIPE, useClass: TrailPipe },
    TrailFilter,
  ],
})
class AppModule implements NestModule {
  constructor(readonly trail: Trail) {
    held = trail;
  }
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(TrailMiddleware, (_request: unknown, _response: unknown, next: () => void) => {
        this.trail.note('functional');
        next();
      })
      .forRoutes(Desk);
  }
}

const start = ['setup', 'middleware', 'functional', 'scoped guard 1'];

describe.each(adapters)('on %s', (adapter) => {
  beforeEach(() => {
    ends.length = 0;
  });
  const ask = async (path: string) => {
    const app = await startModule(adapter, { module: AppModule });
    const answer = await app.get(path, { 'x-request-id': 'r-1' });
    await until('it was disposed of', () => trails.disposed.length === 1);
    return answer;
  };

  it('set-up, middleware, guards, interceptors, populators, pipes, decorators and handler use the same one', async () => {
    const { text } = await ask('/all');
    expect(text.split(', ')).toEqual([
      ...start,
      'guard',
      'populate',
      'before',
      'before',
      'decorator',
      'pipe',
      'all',
    ]);
    expect(trails.made).toHaveLength(1);
  });

  it('so do interceptors and exception filters where the handler throws', async () => {
    expect(await ask('/fails/now')).toMatchObject({ status: 418 });
    expect(trails.made[0]?.stages.slice(start.length)).toEqual([
      'before',
      'before',
      'pipe',
      'handler',
      'error',
      'error',
      'filter',
      'end',
      'disposing',
      'disposed',
    ]);
    expect(trails.made).toHaveLength(1);
  });

  it('and exception filters where a guard throws', async () => {
    expect(await ask('/guarded')).toMatchObject({
      status: 418,
      text: [...start, 'guard', 'filter'].join(', '),
    });
  });

  it('a stream of events and a streamed file use it as long as they last', async () => {
    const lines = (text: string) =>
      text.match(/^(data: )?\d+$/gm)?.map((line) => Number(/\d+/.exec(line)?.[0]));
    const events = lines((await ask('/events?n=3')).text) ?? [];
    expect(events.map((n) => n - (events[0] ?? 0))).toEqual([0, 1, 2]);
    const [last] = trails.made;
    expect(last?.stages.slice(-6)).toEqual(['event 0', 'event 1', 'event 2', 'end', 'disposing', 'disposed']);
    clearTrails();
    expect(lines((await ask('/file')).text)).toHaveLength(3);
    expect(trails.made[0]?.stages.slice(-6)).toEqual([
      'line 0',
      'line 1',
      'line 2',
      'end',
      'disposing',
      'disposed',
    ]);
  });

  it('a handler can answer with it', async () => {
    const { status, headers, text } = await ask('/itself');
    expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('application/json')]);
    expect(JSON.parse(text)).toEqual({ stages: [...start, 'before', 'itself'], unit: 'r-1' });
  });

  it('onEnd still has it, and it is disposed of after that', async () => {
    await ask('/all');
    expect(ends).toEqual([expect.stringMatching(/^r-1: setup, .*all, end$/)]);
    expect(trails.disposed).toEqual(['r-1']);
  });
});
