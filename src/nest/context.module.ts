import {
  type BeforeApplicationShutdown,
  ConfigurableModuleBuilder,
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnModuleInit,
} from '@nestjs/common';
import { APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import { drainTasks, setErrorReporter } from '../core/internal.js';
import { registerClsStore } from './cls-store.js';
import {
  type ContextModuleExtras,
  type ContextModuleOptions,
  type ResolvedOptions,
  resolveOptions,
} from './context-module.options.js';
import { HandlerInterceptor } from './handler.interceptor.js';
import { HttpOpener } from './http-opener.js';
import { openAtRequestHook, openAtServer } from './http-points.js';
import { RequestContext } from './request-context.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ContextModuleOptions>()
    .setClassMethodName('forRoot')
    .setExtras<ContextModuleExtras>({ isGlobal: true }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal ?? true,
    }))
    .build();

registerClsStore();

/**
 * Gives every HTTP request a unit of work of its own, on Express and on Fastify, and `RequestContext` to
 * inject. Import it once, in the root module.
 *
 * @example
 * \@Module({
 *   imports: [ContextModule.forRoot({ setup: (context, request) => void tenant.set(tenantOf(request)) })],
 * })
 * class AppModule {}
 */
@Module({
  providers: [RequestContext, { provide: APP_INTERCEPTOR, useClass: HandlerInterceptor }],
  exports: [RequestContext],
})
export class ContextModule
  extends ConfigurableModuleClass
  implements OnModuleInit, BeforeApplicationShutdown
{
  readonly #logger = new Logger(ContextModule.name);
  readonly #options: ResolvedOptions;
  readonly #opener: HttpOpener;
  readonly #host: HttpAdapterHost;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) options: ContextModuleOptions,
    @Inject(RequestContext) context: RequestContext,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    super();
    this.#options = resolveOptions(options);
    this.#opener = new HttpOpener(this.#options, context);
    this.#host = host;
    // Now, or, in a testing module, when it is made into an application: before any middleware is registered.
    host.init$.subscribe(() => {
      if (host.httpAdapter?.setOnRequestHook !== undefined) openAtRequestHook(host.httpAdapter, this.#opener);
    });
    setErrorReporter((error, where) => {
      this.#logger.error(
        `Error ${where}: ${String(error)}`,
        error instanceof Error ? error.stack : undefined,
      );
    });
  }

  /** The module with the given options; each has a default. */
  static override forRoot(options: ContextModuleOptions & ContextModuleExtras = {}): DynamicModule {
    // biome-ignore lint/complexity/noThisInStatic: the builder's forRoot names its `this` as the module
    return super.forRoot(options);
  }

  onModuleInit(): void {
    const server = this.#host.httpAdapter?.getHttpServer?.();
    if (server !== undefined && server !== null) openAtServer(server, this.#opener);
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { shutdownTimeoutMs } = this.#options;
    const left = await drainTasks(shutdownTimeoutMs);
    if (left.length === 0) return;
    const names = left.map(({ name, unit }) => `${name ?? unit.kind} (${unit.id})`).join(', ');
    this.#logger.warn(
      `Shutdown goes on after ${shutdownTimeoutMs} ms without ${left.length} unfinished: ${names}`,
    );
  }
}
