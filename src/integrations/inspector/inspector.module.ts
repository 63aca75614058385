import type { IncomingMessage } from 'node:http';
import { type ConfigurableModuleAsyncOptions, type DynamicModule, Module } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { ExcludedRoutes } from '../../nest/excluded-routes.js';
import { Inspector } from './inspector.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './inspector.module-definition.js';
import { type InspectorExtras, type InspectorOptions, resolveInspectorOptions } from './inspector.options.js';
import { INSPECTOR_PATH } from './inspector.tokens.js';

/** What `forRootAsync` takes: `useFactory` with `inject`, `useClass` or `useExisting`, and `imports`. */
export type InspectorModuleAsyncOptions = ConfigurableModuleAsyncOptions<InspectorOptions, 'create'> &
  InspectorExtras;

/**
 * A page that shows the requests of this process as they happen: scopes, tasks, jobs and scoped instances of each, and its
 * log lines. Off unless `enabled`. Import it once, beside `ContextModule`.
 *
 * It listens to the library's diagnostics channels while the page is open somewhere, and not otherwise: what happens
 * while nobody looks is not recorded.
 *
 * The application does not start where an option has the wrong type (`TypeError`), nor, with
 * `ERR_INSPECTOR_IN_PRODUCTION`, where it is enabled in production without `allowInProduction`.
 *
 * @example
 * \@Module({
 *   imports: [
 *     ContextModule.forRoot({ logs: { logger: true } }),
 *     InspectorModule.forRoot({ enabled: process.env.INSPECTOR === 'on', guards: [AdminGuard] }),
 *   ],
 * })
 * class AppModule {}
 */
@Module({
  providers: [
    {
      provide: Inspector,
      useFactory: (options: InspectorOptions, path: string, config: ApplicationConfig) => {
        const own = new ExcludedRoutes([path, `${path}/*`]);
        const isOwn = (url: string) => own.has({ url } as IncomingMessage, () => config.getGlobalPrefix());
        return new Inspector(resolveInspectorOptions(options), isOwn);
      },
      inject: [MODULE_OPTIONS_TOKEN, INSPECTOR_PATH, ApplicationConfig],
    },
  ],
})
export class InspectorModule extends ConfigurableModuleClass {
  /** The module with the given options. Where it is not enabled it is empty: no route, no provider. */
  static override forRoot(options: InspectorOptions & InspectorExtras = {}): DynamicModule {
    if ((options?.enabled ?? false) === false) return { module: DisabledInspectorModule };
    // biome-ignore lint/complexity/noThisInStatic: the builder's forRoot names its `this` as the module
    return super.forRoot(options);
  }

  /**
   * The module with options from a factory: a function, or the method `create` of a class (see `InspectorOptionsFactory`).
   * `path`, `guards`, `decorators` and `imports` stand beside it. Where it is not enabled its routes are not found (404).
   *
   * @example
   * InspectorModule.forRootAsync({
   *   guards: [AdminGuard],
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ enabled: config.get('INSPECTOR') === 'on' }),
   * });
   */
  static override forRootAsync(options: InspectorModuleAsyncOptions): DynamicModule {
    // biome-ignore lint/complexity/noThisInStatic: the builder's forRootAsync names its `this` as the module
    return super.forRootAsync(options);
  }
}

/** What stands in the place of one that is not enabled. */
@Module({})
class DisabledInspectorModule {}
