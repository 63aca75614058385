import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import {
  type ArgumentsHost,
  BadRequestException,
  Body,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  Param,
  type PipeTransform,
  Post,
  Query,
  Sse,
  StreamableFile,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, BaseExceptionFilter } from '@nestjs/core';
import { ContextModule, currentUnit } from 'nestjs-contextvars';
import { interval, map, Observable, of, take, tap } from 'rxjs';
import { sightings, tenant } from './sightings.js';

// A module with something of every stage that Nest has; each notes what it sees of the context.

/** What fails in the request: the value of its query parameter `fail`. */
function failing(context: ExecutionContext): unknown {
  return (context.switchToHttp().getRequest() as { query: { fail?: unknown } }).query.fail;
}

export class SeeingGuard implements CanActivate {
  constructor(readonly stage: string) {}

  canActivate(context: ExecutionContext): boolean {
    sightings.see(this.stage);
    if (failing(context) === this.stage) throw new UnauthorizedException('guard');
    return true;
  }
}

class RootGuard extends SeeingGuard {
  constructor() {
    super('guard of the root module');
  }
}

class ControllerGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await macrotask();
    return new SeeingGuard('guard of the controller').canActivate(context);
  }
}

export class SeeingInterceptor implements NestInterceptor {
  constructor(readonly where: string) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    sightings.see(`interceptor of the ${this.where}, before`);
    return next.handle().pipe(
      tap({
        next: () => sightings.see(`interceptor of the ${this.where}, after`),
        error: () => sightings.see(`interceptor of the ${this.where}, on error`),
        finalize: () => sightings.see(`interceptor of the ${this.where}, finally`),
      }),
    );
  }
}

class RootInterceptor extends SeeingInterceptor {
  constructor() {
    super('root module');
  }
}

class ControllerInterceptor extends SeeingInterceptor {
  constructor() {
    super('controller');
  }
}

class RootPipe implements PipeTransform {
  transform(value: unknown): unknown {
    sightings.see('pipe of the root module');
    return value;
  }
}

class NumberPipe implements PipeTransform {
  async transform(value: string): Promise<number> {
    await macrotask();
    sightings.see('pipe of the parameter');
    if (Number.isNaN(Number(value))) throw new BadRequestException('pipe');
    return Number(value);
  }
}

const Seen = createParamDecorator(() => {
  sightings.see('parameter decorator');
  return tenant.get();
});

@Catch()
class SeeingFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    sightings.see('exception filter');
    super.catch(error, host);
  }
}

@Injectable()
class FeatureMiddleware implements NestMiddleware {
  use(_request: IncomingMessage, _response: ServerResponse, next: () => void): void {
    sightings.see('middleware of a feature module');
    next();
  }
}

/** More than the buffers of a socket hold, so that reading goes on after the handler. */
const CHUNK = 'x'.repeat(64 * 1024);
const CHUNKS = 24;

@Controller({ path: 'stages', version: '1' })
@UseGuards(ControllerGuard)
@UseInterceptors(ControllerInterceptor)
class StagesController {
  @Get('sync')
  sync(@Seen() seen: string): string {
    sightings.see('handler');
    return seen;
  }

  @Get('async')
  async async(@Seen() seen: string): Promise<string> {
    sightings.see('handler');
    await wait(1);
    sightings.see('handler after an await');
    return seen;
  }

  @Get('observable')
  observable(@Seen() seen: string): Observable<string> {
    sightings.see('handler');
    return new Observable<string>((subscriber) => {
      sightings.see('Observable, subscribed');
      const timer = setTimeout(() => {
        subscriber.next(seen);
        subscriber.complete();
      }, 1);
      return () => {
        sightings.see('Observable, torn down');
        clearTimeout(timer);
      };
    }).pipe(tap(() => sightings.see('Observable, value')));
  }

  @Get('piped/:n')
  piped(@Param('n', NumberPipe) n: number, @Query('q') _q: unknown): Observable<string> {
    sightings.see('handler');
    return of(String(n));
  }

  @Get('left-running')
  leftRunning(@Seen() seen: string): string {
    const { signal } = currentUnit()!;
    void (async () => {
      await once(signal, 'abort');
      sightings.see('a promise after the end of the request');
      await wait(1);
      sightings.see('a promise that was left running');
    })();
    signal.addEventListener('abort', () => setImmediate(() => sightings.see('setImmediate at the end')));
    setTimeout(() => sightings.see('a timer that was left running'), 10);
    setImmediate(() => sightings.see('setImmediate that was left running'));
    return seen;
  }

  @Get('throws')
  throws(): never {
    sightings.see('handler');
    throw new BadRequestException('handler');
  }

  @Get('rejects')
  async rejects(): Promise<never> {
    await wait(1);
    sightings.see('handler');
    throw new Error('an error that no filter knows');
  }

  @Get('file')
  file(): StreamableFile {
    let chunks = 0;
    const stream = new Readable({
      read() {
        sightings.see('stream, read');
        this.push(chunks++ < CHUNKS ? CHUNK : null);
      },
      destroy(error, callback) {
        sightings.see('stream, destroyed');
        callback(error);
      },
    });
    return new StreamableFile(stream);
  }

  @Get('generated-file')
  generatedFile(): StreamableFile {
    const chunks = async function* () {
      for (let i = 0; i < CHUNKS; i++) {
        sightings.see('generator of a stream');
        yield Buffer.from(CHUNK);
        await macrotask();
      }
      sightings.see('generator of a stream, at its end');
    };
    return new StreamableFile(Readable.from(chunks()));
  }

  @Sse('events')
  events(@Seen() seen: string): Observable<{ data: string }> {
    sightings.see('handler');
    return interval(2).pipe(
      take(3),
      tap({
        next: () => sightings.see('event source'),
        complete: () => sightings.see('event source, complete'),
      }),
      map((n) => ({ data: `${seen} ${n}` })),
    );
  }

  @Post('body')
  body(@Body() body: { text: string }): string {
    sightings.see('handler');
    return body.text;
  }
}

@Module({ controllers: [StagesController] })
class FeatureModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(FeatureMiddleware).forRoutes(StagesController);
  }
}

@Module({
  imports: [
    ContextModule.forRoot({
      setup: async (_context, request) => {
        await macrotask();
        tenant.set(String(request.headers['x-tenant']));
        sightings.see('setup');
      },
    }),
    FeatureModule,
  ],
  providers: [
    { provide: APP_GUARD, useClass: RootGuard },
    { provide: APP_INTERCEPTOR, useClass: RootInterceptor },
    { provide: APP_PIPE, useClass: RootPipe },
    { provide: APP_FILTER, useClass: SeeingFilter },
  ],
})
export class StagesModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        sightings.see('middleware of the root module');
        for (const [name, emitter] of Object.entries({ request, response })) {
          emitter.on('close', () => sightings.see(`close of the ${name}`));
        }
        response.on('finish', () => sightings.see('finish of the response'));
        next();
      })
      .forRoutes('{*path}');
  }
}
