import {
  type BeforeApplicationShutdown,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { forgetApplication } from './applications.js';
import { reportTo } from './background-errors.js';
import { hasClsEnhancers, registerClsStore } from './cls-store.js';
import {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  RESOLVED_OPTIONS,
} from './context.module-definition.js';
import { type ContextFeatureOptions, contextFeature } from './context-feature.module.js';
import {
  type ContextModuleExtras,
  type ContextModuleOptions,
  type ResolvedOptions,
  resolveOptions,
} from './context-module.options.js';
import { openAtListeners } from './event-points.js';
import { populateGateways, serveGateways } from './gateway-handlers.js';
import { openAtGateways } from './gateway-points.js';
import { openAtSubscriptions } from './graphql-points.js';
import { HttpOpener } from './http-opener.js';
import { openAtFramework, openAtServer } from './http-points.js';
import { loadOutsideAny } from './lazy-modules.js';
import { ContextLogger } from './logging/context-logger.js';
import { takeOver } from './logging/nest-logger.js';
import { RequestLines } from './logging/request-lines.js';
import { MessageOpener } from './messages/message-opener.js';
import { openAtMicroservices } from './messages/message-points.js';
import { ModuleLog } from './module-log.js';
import { PopulatingInterceptor } from './populating.interceptor.js';
import { Populators } from './populators.js';
import { RequestContext } from './request-context.js';
import { openAtSchedules } from './schedule-points.js';
import type { ScopedDeclaration } from './scoped-provider.js';
import { ScopedProviders } from './scoped-providers.js';
import { serveRoutes } from './served-routes.js';
import { Shutdown } from './shutdown.js';
import { WebsocketOpener } from './websocket-opener.js';

registerClsStore();

/** What `forRootAsync` takes: `useFactory` with `inject`, `useClass` or `useExisting`, and `imports`. */
export type ContextModuleAsyncOptions = ConfigurableModuleAsyncOptions<ContextModuleOptions, 'create'> &
  ContextModuleExtras;

/**
 * Gives every HTTP request a unit of work of its own, on Express and on Fastify, and `RequestContext` to
 * inject. Import it once, in the root module. Messages of gateways and microservices, GraphQL operations and their events,
 * scheduled ticks and event listeners are units of work too, where the application has any.
 *
 * The `signal` of such a unit aborts with an `AbortError` as soon as the client closes the connection before
 * the response was sent; the unit itself ends at the later of "response closed" and "handler settled".
 *
 * @example
 * \@Module({
 *   imports: [ContextModule.forRoot({ setup: (context, request) => void tenant.set(tenantOf(request)) })],
 * })
 * class AppModule {}
 */
@Module({
  providers: [
    { provide: RESOLVED_OPTIONS, useFactory: resolveOptions, inject: [MODULE_OPTIONS_TOKEN] },
    {
      provide: ContextLogger,
      useFactory: ({ logs }: ResolvedOptions) => new ContextLogger(logs.logger ?? {}),
      inject: [RESOLVED_OPTIONS],
    },
    RequestContext,
    Populators,
  ],
  exports: [RequestContext, ContextLogger],
})
export class ContextModule
  extends ConfigurableModuleClass
  implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #log: ModuleLog;
  readonly #opener: HttpOpener;
  readonly #websockets: WebsocketOpener;
  readonly #host: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  readonly #takeBackReporter: () => void;
  readonly #takeBackLogger: () => void;
  readonly #shutdown: Shutdown;
  #initialized = false;

  constructor(
    @Inject(RESOLVED_OPTIONS) resolved: ResolvedOptions,
    @Inject(ApplicationConfig) config: ApplicationConfig,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(Populators) populators: Populators,
    @Inject(LazyModuleLoader) lazyModules: LazyModuleLoader,
    @Inject(ContextLogger) logger: ContextLogger,
  ) {
    super();
    const { logs } = resolved;
    const options = withRequestLines(resolved, () => config.getGlobalPrefix());
    this.#log = new ModuleLog(options.logger);
    this.#opener = new HttpOpener(
      options,
      modules,
      this.#log,
      () => config.getGlobalPrefix(),
      () => hasClsEnhancers(modules, config),
    );
    const messages = new MessageOpener(options.messages, this.#log, () => hasClsEnhancers(modules, config));
    openAtMicroservices(modules, messages);
    this.#websockets = new WebsocketOpener(options, this.#log);
    loadOutsideAny(lazyModules);
    initializeFirst(modules);
    this.#host = host;
    this.#modules = modules;
    // Now, or, in a testing module, when it is made into an application: before any middleware is registered.
    host.init$.subscribe(() => {
      if (!host.httpAdapter) return;
      openAtFramework(host.httpAdapter, this.#opener);
      serveRoutes(host.httpAdapter);
    });
    const populating = new PopulatingInterceptor(populators);
    // First of all interceptors, whatever the order of imports: the others see what is populated.
    if (options.onEnd !== undefined || populators.any) config.getGlobalInterceptors().unshift(populating);
    openAtGateways(config, { opener: this.#websockets, populating }, () => {
      if (this.#initialized) return;
      serveGateways(modules);
      if (populators.any) populateGateways(modules);
    });
    this.#takeBackReporter = reportTo(this.#log);
    this.#takeBackLogger = logs.takesOver
      ? takeOver(logger, logs.logger?.logLevels !== undefined)
      : () => undefined;
    this.#shutdown = new Shutdown(options.shutdownTimeoutMs, this.#log, async () => {
      await Promise.all([this.#opener.ended(), messages.ended(), this.#websockets.ended()]);
    });
  }

  /** The module with the given options; each has a default. */
  static override forRoot(options: ContextModuleOptions & ContextModuleExtras = {}): DynamicModule {
    // biome-ignore lint/complexity/noThisInStatic: the builder's forRoot names its `this` as the module
    return super.forRoot(options);
  }

  /**
   * The module with options from a factory: a function, or the method `create` of a class that is made for it
   * (`useClass`) or is a provider already (`useExisting`); see `ContextOptionsFactory`.
   *
   * @example
   * ContextModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ respondWithIds: config.get('EXPOSE_IDS') === 'yes' }),
   * });
   */
  static override forRootAsync(options: ContextModuleAsyncOptions): DynamicModule {
    // biome-ignore lint/complexity/noThisInStatic: the builder's forRootAsync names its `this` as the module
    return super.forRootAsync(options);
  }

  /**
   * A module that provides and exports what is context-scoped; see `scopedProvider` for declaring it beside what
   * else a module has. What the same class depends on decides: declared in several modules that give it the same, it has
   * one instance in a unit of work, not one for each.
   *
   * @example
   * ContextModule.forFeature([Caller, { provide: LOADERS, useFactory: makeLoaders, inject: [Database] }], {
   *   imports: [DatabaseModule],
   * });
   */
  static forFeature(
    declarations: readonly ScopedDeclaration[],
    options?: ContextFeatureOptions,
  ): DynamicModule {
    return contextFeature(declarations, options);
  }

  onModuleInit(): void {
    this.#initialized = true;
    this.#shutdown.start();
    ScopedProviders.of(this.#modules).check();
    openAtSchedules(this.#modules, this.#log);
    openAtListeners(this.#modules, this.#log);
    openAtSubscriptions(this.#modules, this.#websockets);
    const server = this.#host.httpAdapter?.getHttpServer?.();
    if (server !== undefined && server !== null) openAtServer(server, this.#opener);
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#shutdown.drain();
  }

  /** Requests that were still open when shutdown began have ended by now, and may have left work running. */
  async onApplicationShutdown(): Promise<void> {
    this.#websockets.close();
    await this.#shutdown.drain();
    this.#shutdown.end();
    this.#takeBackReporter();
    this.#takeBackLogger();
    forgetApplication(this.#modules);
  }
}

/** Only where they are asked for: without, there is nothing of them on the way of a request. */
function withRequestLines(options: ResolvedOptions, globalPrefix: () => string): ResolvedOptions {
  const { logs, setup, onEnd } = options;
  if (logs.requests === undefined) return options;
  const lines = new RequestLines(logs.requests, globalPrefix);
  return { ...options, setup: lines.startedBy(setup), onEnd: lines.endedBy(onEnd) };
}

/**
 * Has the hooks of this module called before those of all others when the application starts, global ones too: what others
 * start there is started by objects that have been seen here. And after all others when it is closed.
 */
function initializeFirst(modules: ModulesContainer): void {
  for (const module of modules.values())
    if (module.metatype === ContextModule) module.distance = Number.POSITIVE_INFINITY;
}
