import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { optionsOf, wrongArgument } from '../core/internal.js';
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
  options?: ContextFeatureOptions,
): DynamicModule {
  const where = 'ContextModule.forFeature';
  if (!Array.isArray(declarations)) throw wrongArgument(where, 'an array of declarations', declarations);
  const { imports = [] } = optionsOf(where, options) ?? {};
  if (!Array.isArray(imports)) throw wrongArgument(where, 'an array of modules as imports', imports);
  const providers = declarations.map(scopedProvider);
  return {
    module: ContextFeatureModule,
    imports,
    providers,
    exports: providers.map(({ provide }) => provide),
  };
}
