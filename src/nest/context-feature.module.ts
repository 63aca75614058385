import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { type ScopedDeclaration, scopedProvider } from './scoped-provider.js';

/** What `ContextModule.forFeature` takes beside the declarations. */
export interface ContextFeatureOptions {
  /** The modules that provide what the declared ones depend on. Default: none; global modules are there anyway. */
  readonly imports?: ModuleMetadata['imports'];
}

/** What `ContextModule.forFeature` makes modules of. */
@Module({})
export class ContextFeatureModule {}

export function contextFeature(
  declarations: readonly ScopedDeclaration[],
  options: ContextFeatureOptions = {},
): DynamicModule {
  const providers = declarations.map(scopedProvider);
  return {
    module: ContextFeatureModule,
    imports: options.imports ?? [],
    providers,
    exports: providers.map(({ provide }) => provide),
  };
}
