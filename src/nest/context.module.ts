import {
  type BeforeApplicationShutdown,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { drainTasks, setErrorReporter } from '../core/internal.js';
import { forgetApplication } from './applications.js';
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
import { HttpOpener } from './http-opener.js';
import { openAtFramework, openAtServer } from './http-points.js';
import { ModuleLog } from './module-log.js';
import { PopulatingInterceptor } from './populating.interceptor.js';
import { Populators } from './populators.js';
import { RequestContext } from './request-context.js';
import type { ScopedDeclaration } from './scoped-provider.js';
import { ScopedProviders } from './scoped-providers.js';
import { serveRoutes } from './served-routes.js';

registerClsStore();

/** What `forRootAsync` takes: `useFactory` with `inject`, `useClass` or `useExisting`, and `imports`. */
export type ContextModuleAsyncOptions = ConfigurableModuleAsyncOptions<ContextModuleOptions, 'create'> &
  ContextModuleExtras;

/**
 * Gives every HTTP request a unit of work of its own, on Express and on Fastify, and `RequestContext` to
 * inject. Import it once, in the root module.
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
    RequestContext,
    Populators,
  ],
  exports: [RequestContext],
})
export class ContextModule
  extends ConfigurableModuleClass
  implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #log: ModuleLog;
  readonly #options: ResolvedOptions;
  readonly #opener: HttpOpener;
  readonly #host: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  readonly #takeBackReporter: () => void;
  #timedOut = false;

  constructor(
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    @Inject(ApplicationConfig) config: ApplicationConfig,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(Populators) populators: Populators,
  ) {
    super();
    this.#options = options;
    this.#log = new ModuleLog(options.logger);
    this.#opener = new HttpOpener(
      options,
      this.#log,
      () => config.getGlobalPrefix(),
      () => hasClsEnhancers(modules, config),
    );
    this.#host = host;
    this.#modules = modules;
    // Now, or, in a testing module, when it is made into an application: before any middleware is registered.
    host.init$.subscribe(() => {
      if (!host.httpAdapter) return;
      openAtFramework(host.httpAdapter, this.#opener);
      serveRoutes(host.httpAdapter);
    });
    // First of all interceptors, whatever the order of imports: the others see what is populated.
    if (options.onEnd !== undefined || populators.any)
      config.getGlobalInterceptors().unshift(new PopulatingInterceptor(populators));
    this.#takeBackReporter = reportTo(this.#log);
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
    ScopedProviders.of(this.#modules).check();
    const server = this.#host.httpAdapter?.getHttpServer?.();
    if (server !== undefined && server !== null) openAtServer(server, this.#opener);
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#drain();
  }

  /** Requests that were still open when shutdown began have ended by now, and may have left work running. */
  async onApplicationShutdown(): Promise<void> {
    if (!this.#timedOut) await this.#drain();
    this.#takeBackReporter();
    forgetApplication(this.#modules);
  }

  async #drain(): Promise<void> {
    const { shutdownTimeoutMs } = this.#options;
    const [tasks, ended] = await Promise.all([
      drainTasks(shutdownTimeoutMs),
      withinMs(shutdownTimeoutMs, this.#opener.ended()),
    ]);
    if (tasks.length === 0 && ended) return;
    this.#timedOut = true;
    const left = tasks.map(({ name, unit }) => `${name ?? unit.kind} (${unit.id})`);
    if (!ended) left.push('the end of a request: its onEnd or the disposal of its instances');
    this.#log.warn(
      `Shutdown goes on after ${shutdownTimeoutMs} ms without ${left.length} unfinished: ${left.join(', ')}`,
    );
  }
}

/** Whether `work` is done by then. */
async function withinMs(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}

/** Errors that nobody is there to receive go to `log` until the returned function is called. */
function reportTo(log: ModuleLog): () => void {
  const reporter = (error: unknown, where: string) => log.error(error, where);
  const previous = setErrorReporter(reporter);
  return () => {
    const current = setErrorReporter(previous);
    // An application that was started later has taken over.
    if (current !== reporter) setErrorReporter(current);
  };
}
