// A Nest application with something of every stage that a request passes, on either adapter.
import 'reflect-metadata';
import {
  Catch,
  Controller,
  createParamDecorator,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Req,
  Res,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, BaseExceptionFilter, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  ContextModule,
  ContextScoped,
  createTask,
  currentUnit,
  gather,
  LoadScoped,
  Populate,
  preserveContext,
  scopedProvider,
  withTempContext,
} from 'nestjs-contextvars';
import { defer, from, map } from 'rxjs';
import { ends, failHere, failsAt, logged, reach, reachWith, role, roleHere, see, tenant } from './stages.mjs';

const turn = () => new Promise(setImmediate);

/** Held open by the client: what the neighbours wait for. */
export const gates = new Map();

// Decorators, applied by hand: this file runs as it stands.
const method = (type, name, ...decorators) => {
  for (const decorate of decorators.reverse()) {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
    decorate(type.prototype, name, descriptor);
    Object.defineProperty(type.prototype, name, descriptor);
  }
};
const parameter = (type, name, ...decorators) => {
  for (const [i, decorate] of decorators.entries())
    decorate(name === undefined ? type : type.prototype, name, i);
};

class RootGuard {
  canActivate() {
    reach('a guard of the root module');
    return true;
  }
}

class ControllerGuard {
  async canActivate() {
    reach('a guard');
    await turn();
    reach('a guard, later');
    return true;
  }
}

class Intercepting {
  intercept(_context, next) {
    reach('an interceptor, before the handler');
    return next.handle().pipe(
      map((value) => {
        reach('an interceptor, after the handler');
        return value;
      }),
    );
  }
}

class Piping {
  transform(value) {
    reach('a pipe');
    return value;
  }
}

class PipingLater {
  async transform(value) {
    await turn();
    reach('a pipe, later');
    return value;
  }
}

const Decorated = createParamDecorator(() => {
  reach('a parameter decorator');
  return tenant.get();
});

class Filtering extends BaseExceptionFilter {
  catch(error, host) {
    see('an exception filter');
    failHere('an exception filter');
    super.catch(error, host);
  }
}
Catch()(Filtering);
Inject(HttpAdapterHost)(Filtering, 'applicationRef');

class PlanPopulator {
  async populate() {
    await turn();
    reach('a populator that is a provider');
  }
}
Injectable()(PlanPopulator);

class FeatureMiddleware {
  use(_request, _response, next) {
    reach('a middleware of a module');
    next();
  }
}
Injectable()(FeatureMiddleware);

class Made {
  constructor() {
    reach('a constructor');
  }

  hello() {
    reach('a method of a context-scoped instance');
    return 'ok';
  }
}
class Disposed {
  hello() {
    return 'ok';
  }

  [Symbol.dispose]() {
    reach('a disposer');
  }
}
class DisposedLater {
  hello() {
    return 'ok';
  }

  async [Symbol.asyncDispose]() {
    await turn();
    reach('an asynchronous disposer');
  }
}
for (const type of [Made, Disposed, DisposedLater]) ContextScoped()(type);
const FACTORY = Symbol('factory');
const LATER = Symbol('later');
const factory = {
  provide: FACTORY,
  useFactory: () => {
    reach('a scoped factory');
    return { hello: () => 'ok' };
  },
};
const later = {
  provide: LATER,
  useFactory: async () => {
    await turn();
    reach('an asynchronous scoped factory');
    return { hello: () => 'ok' };
  },
};

const background = preserveContext(
  async () => {
    await turn();
    failHere('a background call');
  },
  { background: true },
);

/** Calls itself until the stack is at its end, each time under a higher role. */
function endless() {
  return role.run('admin', endless);
}

/** What a handler calls; where the request is to fail elsewhere, it need not. */
const calls = {
  'a temporary scope': () =>
    withTempContext([role.as('admin')], async () => {
      await turn();
      reach('a temporary scope', 'admin');
    }),
  'a branch of gather': () =>
    gather([
      async () => {
        await turn();
        reach('a branch of gather');
      },
      turn,
    ]),
  'a task': () =>
    createTask(async () => {
      await turn();
      reach('a task');
    }),
};

class StagesController {
  constructor(made, disposed, disposedLater, fromFactory, fromLater) {
    this.instances = [made, disposed, disposedLater, fromFactory, fromLater];
  }

  async all(_value, _decorated, request, response) {
    const raw = response.raw ?? response;
    raw.on('finish', () => reach('a finish listener'));
    raw.on('close', () => reach('a close listener'));
    currentUnit().signal.addEventListener('abort', () => reach('a listener of the signal'));
    reach('a handler');
    if (failsAt.get() === 'an exception filter') throw new Error('for the filter');
    await turn();
    reach('a handler, later');
    for (const instance of this.instances) if (instance.hello() !== 'ok') throw new Error('another instance');
    const only = failsAt.get();
    if (only === undefined || only in calls) for (const call of Object.values(calls)) await call();
    if (only === 'the end of the stack') endless();
    background();
    const gate = gates.get((request.raw ?? request).headers['x-id']);
    if (gate !== undefined) {
      gate.reached();
      await gate.opened;
    }
    return { tenant: tenant.get(), role: roleHere(), id: (request.raw ?? request).headers['x-id'] };
  }

  sync() {
    reach('a synchronous handler');
    return { tenant: tenant.get(), role: roleHere() };
  }

  observable() {
    return defer(() => from(turn())).pipe(
      map(() => {
        reach('an Observable of a handler');
        return { tenant: tenant.get(), role: roleHere() };
      }),
    );
  }
}
Controller()(StagesController);
UseGuards(ControllerGuard)(StagesController);
UseInterceptors(Intercepting)(StagesController);
UseFilters(Filtering)(StagesController);
parameter(
  StagesController,
  undefined,
  Inject(Made),
  Inject(Disposed),
  Inject(DisposedLater),
  Inject(FACTORY),
  Inject(LATER),
);
method(
  StagesController,
  'all',
  Get('all/:value'),
  Populate(() => reach('a populator of a handler'), PlanPopulator),
  LoadScoped(LATER),
);
parameter(
  StagesController,
  'all',
  Param('value', Piping, PipingLater),
  Decorated(),
  Req(),
  Res({ passthrough: true }),
);
method(StagesController, 'sync', Get('sync'));
method(StagesController, 'observable', Get('observable'));

const logger = {
  error: (message) => {
    logged.push(message);
    if (/the error reporter/.test(message)) throw new Error('the logger failed');
  },
  warn: () => {},
  log: () => {},
};

const options = {
  requestId: {
    accept: (id, request) => {
      reachWith(request, 'requestId.accept');
      return !id.startsWith('made-');
    },
    generate: (request) => {
      reachWith(request, 'requestId.generate');
      return request.headers['x-id'];
    },
  },
  correlationId: {
    accept: (_id, request) => {
      reachWith(request, 'correlationId.accept');
      return true;
    },
  },
  setup: (context, request) => {
    const { 'x-tenant': given, 'x-fail': stage } = request.headers;
    context.set(tenant, given);
    role.bind('clerk');
    if (stage !== undefined) context.set(failsAt, decodeURIComponent(stage));
    reach('setup');
    if (failsAt.get() !== 'setup, later') return undefined;
    return turn().then(() => reach('setup, later'));
  },
  populate: () => reach('a populator of the module'),
  onEnd: (context) => {
    ends.set(context.id, (ends.get(context.id) ?? 0) + 1);
    reach('onEnd');
    failHere('the error reporter');
    if (failsAt.get() !== 'onEnd, later') return undefined;
    return turn().then(() => reach('onEnd, later'));
  },
  logger,
};

class FeatureModule {
  configure(consumer) {
    consumer.apply(FeatureMiddleware).forRoutes(StagesController);
  }
}
Module({
  imports: [],
  controllers: [StagesController],
  providers: [
    PlanPopulator,
    ...[Made, Disposed, DisposedLater, factory, later].map((one) => scopedProvider(one)),
  ],
})(FeatureModule);

class RootModule {}
Module({
  imports: [ContextModule.forRoot(options), FeatureModule],
  providers: [{ provide: APP_GUARD, useClass: RootGuard }],
})(RootModule);

export async function startApplication(adapter) {
  const app = await NestFactory.create(RootModule, ...(adapter === 'fastify' ? [new FastifyAdapter()] : []), {
    logger: false,
  });
  if (adapter === 'fastify') {
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRequest', async () => reach('a hook of the framework'));
  } else {
    app.use((_request, _response, next) => {
      reach('a hook of the framework');
      next();
    });
  }
  await app.listen(0, '127.0.0.1');
  return { app, port: app.getHttpServer().address().port };
}
