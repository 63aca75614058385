// @LoadScoped on the handlers of controllers: all that Nest puts around a handler is as it was.

import type { ServerResponse } from 'node:http';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  Inject,
  Injectable,
  type MessageEvent,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Redirect,
  Req,
  Scope,
  SetMetadata,
  Sse,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { LoadScoped, RequestContext, scopedProvider } from 'nestjs-contextvars';
import { map, type Observable, of } from 'rxjs';
import { adapters } from '../http/support/adapters.js';
import { startApp, stopApps } from '../module/support/running-app.js';

afterEach(stopApps);

const CONNECTION = Symbol('connection');
interface Connection {
  readonly request: string;
}
const connect = jest.fn(async (context: RequestContext): Promise<Connection> => {
  await new Promise(setImmediate);
  return { request: context.id };
});
const connection = scopedProvider({ provide: CONNECTION, useFactory: connect, inject: [RequestContext] });
afterEach(() => connect.mockClear());

@Injectable()
class RoleGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}
  canActivate(context: ExecutionContext): boolean {
    return this.reflector.get<string>('role', context.getHandler()) !== 'admin';
  }
}

@Injectable()
class Wrap implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((body) => `<${body}>`));
  }
}

const HandlerName = createParamDecorator(
  (prefix: string, context: ExecutionContext) => prefix + context.getHandler().name,
);

@Controller()
class Desk {
  constructor(@Inject(CONNECTION) private readonly connection: Connection) {}

  #answer(...parts: unknown[]): string {
    return [this.connection.request, ...parts].join(' ');
  }

  @Get('sync') @LoadScoped(CONNECTION) sync(): string {
    return this.#answer('sync');
  }
  @LoadScoped(CONNECTION) @Get('promise') async promise(): Promise<string> {
    await null;
    return this.#answer('promise');
  }
  @Get('observable') @LoadScoped(CONNECTION) observable(): Observable<string> {
    return of(0).pipe(map(() => this.#answer('observable')));
  }
  @Get('unloaded') unloaded(): string {
    return this.#answer();
  }

  @Get('numbers/:n')
  @LoadScoped(CONNECTION)
  numbers(
    @Param('n', ParseIntPipe) n: number,
    @Query('q') q: string,
    @HandlerName('at ') name: string,
  ): string {
    return this.#answer(typeof n, n, q, name);
  }

  @Post('created')
  @HttpCode(202)
  @Header('x-desk', 'open')
  @UseInterceptors(Wrap)
  @LoadScoped(CONNECTION)
  created(): string {
    return this.#answer('created');
  }

  @LoadScoped(CONNECTION)
  @Get('moved')
  @Redirect('/sync', 301)
  moved(): void {}

  @Get('admin') @LoadScoped(CONNECTION) @UseGuards(RoleGuard) @SetMetadata('role', 'admin') admin(): string {
    return this.#answer('admin');
  }
  @SetMetadata('role', 'clerk') @UseGuards(RoleGuard) @LoadScoped(CONNECTION) @Get('clerk') clerk(): string {
    return this.#answer('clerk');
  }

  @Sse('events') @LoadScoped(CONNECTION) events(): Observable<MessageEvent> {
    return of({ data: this.#answer('event') });
  }
}

@Injectable()
class ConnectionGuard implements CanActivate {
  constructor(@Inject(CONNECTION) private readonly connection: Connection) {}
  @LoadScoped(CONNECTION)
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest().seen = `guard with ${this.connection.request}`;
    return true;
  }
}

@Injectable()
class ConnectionMiddleware implements NestMiddleware {
  constructor(@Inject(CONNECTION) private readonly connection: Connection) {}
  @LoadScoped(CONNECTION)
  use(_request: unknown, response: ServerResponse, next: () => void): void {
    response.setHeader('x-middleware', this.connection.request);
    next();
  }
}

@Controller('before')
class BeforeDesk {
  constructor(@Inject(CONNECTION) private readonly connection: Connection) {}
  @Get('guard') @UseGuards(ConnectionGuard) guard(@Req() request: { seen: string }): string {
    return `${request.seen}, handler with ${this.connection.request}`;
  }
  @Get('middleware') middleware(): string {
    return this.connection.request;
  }
}

@Module({ controllers: [BeforeDesk], providers: [connection] })
class BeforeModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ConnectionMiddleware).forRoutes('before/middleware');
  }
}

@Controller('class')
@LoadScoped(CONNECTION)
class WholeDesk {
  constructor(@Inject(CONNECTION) private readonly connection: Connection) {}
  @Get('one') one(@HandlerName('') name: string): string {
    return `${this.connection.request} ${name}`;
  }
  @Get('two/:n') two(@Param('n', ParseIntPipe) n: number): string {
    return `${this.connection.request} ${n + 1}`;
  }
}

@Controller({ path: 'per-request', scope: Scope.REQUEST })
class PerRequestDesk {
  constructor(@Inject(CONNECTION) private readonly connection: Connection) {}
  @Get() @LoadScoped(CONNECTION) get(): string {
    return `${this.connection.request} per request`;
  }
}

describe.each(adapters)('on %s', (adapter) => {
  const start = () =>
    startApp(adapter, {
      controllers: [Desk, WholeDesk, PerRequestDesk],
      providers: [connection],
      imports: [BeforeModule],
    });
  const id = { 'x-request-id': 'r-1' };

  it.each([
    ['a string', '/sync', 'r-1 sync'],
    ['a promise', '/promise', 'r-1 promise'],
    ['an Observable', '/observable', 'r-1 observable'],
  ])('a handler that gives %s answers with it', async (_, path, text) => {
    const app = await start();
    expect(await app.get(path, id)).toMatchObject({ status: 200, text });
    expect(connect).toHaveBeenCalledTimes(1);
  });

  it('pipes, parameters and parameter decorators are those of the handler', async () => {
    const app = await start();
    expect((await app.get('/numbers/42?q=here', id)).text).toBe('r-1 number 42 here at numbers');
    expect(await app.get('/numbers/many', id)).toMatchObject({ status: 400 });
  });

  it('status, headers, redirects and interceptors are those of the handler', async () => {
    const app = await start();
    const created = await app.send({ path: '/created', method: 'POST', headers: id });
    expect(created).toMatchObject({ status: 202, text: '<r-1 created>', headers: { 'x-desk': 'open' } });
    expect(await app.get('/moved')).toMatchObject({ status: 301, headers: { location: '/sync' } });
  });

  it('guards read the metadata of the handler, and run before anything is loaded', async () => {
    const app = await start();
    expect(await app.get('/admin', id)).toMatchObject({ status: 403 });
    expect(connect).not.toHaveBeenCalled();
    expect((await app.get('/clerk', id)).text).toBe('r-1 clerk');
  });

  it('a stream of events is sent once its connection is there', async () => {
    const app = await start();
    expect((await app.get('/events', id)).text).toContain('data: r-1 event');
  });

  it('on the class it is on every handler', async () => {
    const app = await start();
    expect((await app.get('/class/one', id)).text).toBe('r-1 one');
    expect((await app.get('/class/two/2', id)).text).toBe('r-1 3');
    expect((await app.get('/class/two/x', id)).status).toBe(400);
  });

  it('a controller that Nest makes for each request can have it', async () => {
    const app = await start();
    expect((await app.get('/per-request', id)).text).toBe('r-1 per request');
  });

  it('on a guard or a middleware it has been waited for in the handler too', async () => {
    const app = await start();
    expect((await app.get('/before/guard', id)).text).toBe('guard with r-1, handler with r-1');
    expect(await app.get('/before/middleware', id)).toMatchObject({
      text: 'r-1',
      headers: { 'x-middleware': 'r-1' },
    });
    expect(connect).toHaveBeenCalledTimes(2);
  });

  it('overlapping requests have a connection each', async () => {
    const app = await start();
    const ids = Array.from({ length: 20 }, (_, i) => `r-${i}`);
    const answers = await Promise.all(
      ids.map((id, i) => app.get(i % 2 ? '/promise' : '/class/one', { 'x-request-id': id })),
    );
    expect(answers.map(({ text }) => text)).toEqual(ids.map((id, i) => `${id} ${i % 2 ? 'promise' : 'one'}`));
    expect(connect).toHaveBeenCalledTimes(20);
  });

  it('where the factory rejects the request fails, and the next one tries again', async () => {
    connect.mockRejectedValueOnce(new Error('no route to host'));
    const app = await start();
    expect((await app.get('/sync', id)).status).toBe(500);
    expect((await app.get('/sync', id)).text).toBe('r-1 sync');
  });

  it('without it the request fails', async () => {
    const app = await start();
    expect((await app.get('/unloaded', id)).status).toBe(500);
    expect((await app.get('/sync', id)).text).toBe('r-1 sync');
  });
});
