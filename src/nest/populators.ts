import { type ExecutionContext, Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { MetadataScanner, ModuleRef, ModulesContainer } from '@nestjs/core';
import { RESOLVED_OPTIONS } from './context.module-definition.js';
import type { ResolvedOptions } from './context-module.options.js';
import { POPULATE } from './populate.decorator.js';
import {
  type ContextPopulator,
  isPopulatorClass,
  type PopulateFunction,
  type Populator,
} from './populator.js';

/** Finds what populates the context before a handler, once per handler. */
@Injectable()
export class Populators implements OnModuleInit {
  readonly #options: ResolvedOptions;
  readonly #moduleRef: ModuleRef;
  readonly #modules: ModulesContainer;
  readonly #byClass = new WeakMap<Type, WeakMap<object, readonly PopulateFunction[]>>();
  /** One for each class, so that what runs once for a unit of work is told from what does not. */
  readonly #ofProviders = new WeakMap<Type, PopulateFunction>();
  #ofModule: readonly PopulateFunction[] | undefined;

  constructor(
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    @Inject(ModuleRef) moduleRef: ModuleRef,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    this.#options = options;
    this.#moduleRef = moduleRef;
    this.#modules = modules;
  }

  /** Whether anything populates the context of any handler. */
  get any(): boolean {
    return this.#options.populate.length > 0 || classesOf(this.#modules).some(isPopulated);
  }

  /** Now, so that one that no module provides keeps the application from starting. */
  onModuleInit(): void {
    this.#ofModule ??= this.#resolve(this.#options.populate);
  }

  /** In the order in which they run. */
  of(context: ExecutionContext): readonly PopulateFunction[] {
    const type = context.getClass();
    const handler = context.getHandler();
    let byHandler = this.#byClass.get(type);
    if (byHandler === undefined) {
      byHandler = new WeakMap();
      this.#byClass.set(type, byHandler);
    }
    let found = byHandler.get(handler);
    if (found === undefined) {
      // The microservices of a hybrid application may be started before it is initialized.
      this.#ofModule ??= this.#resolve(this.#options.populate);
      found = [...this.#ofModule, ...this.#declared(type), ...this.#declared(handler)];
      byHandler.set(handler, found);
    }
    return found;
  }

  #declared(decorated: object): readonly PopulateFunction[] {
    return this.#resolve((Reflect.getMetadata(POPULATE, decorated) ?? []) as Populator[]);
  }

  #resolve(populators: readonly Populator[]): PopulateFunction[] {
    return populators.map((populator) =>
      isPopulatorClass(populator) ? this.#ofProvider(populator) : populator,
    );
  }

  #ofProvider(populator: Type<ContextPopulator>): PopulateFunction {
    const known = this.#ofProviders.get(populator);
    if (known !== undefined) return known;
    const instance = this.#moduleRef.get(populator, { strict: false });
    const populate: PopulateFunction = (context, executionContext) =>
      instance.populate(context, executionContext);
    this.#ofProviders.set(populator, populate);
    return populate;
  }
}

/** Those of controllers, and of providers: gateways and resolvers are some. */
function classesOf(modules: ModulesContainer): Type[] {
  return [...modules.values()].flatMap(({ controllers, providers }) =>
    [...controllers.values(), ...providers.values()].flatMap(({ metatype, isNotMetatype }) =>
      typeof metatype === 'function' && !isNotMetatype ? [metatype as Type] : [],
    ),
  );
}

function isPopulated(type: Type): boolean {
  const prototype = type.prototype as Record<string, object>;
  const handlers = new MetadataScanner().getAllMethodNames(prototype).map((name) => prototype[name]);
  return [type, ...handlers].some((decorated) => Reflect.hasMetadata(POPULATE, decorated as object));
}
