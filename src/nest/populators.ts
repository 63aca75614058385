import { type ExecutionContext, Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { MetadataScanner, ModuleRef, ModulesContainer } from '@nestjs/core';
import { RESOLVED_OPTIONS } from './context.module-definition.js';
import type { ResolvedOptions } from './context-module.options.js';
import { POPULATE } from './populate.decorator.js';
import { isPopulatorClass, type PopulateFunction, type Populator } from './populator.js';

/** Finds what populates the context before a handler, once per handler. */
@Injectable()
export class Populators implements OnModuleInit {
  readonly #options: ResolvedOptions;
  readonly #moduleRef: ModuleRef;
  readonly #modules: ModulesContainer;
  readonly #byClass = new WeakMap<Type, WeakMap<object, readonly PopulateFunction[]>>();
  #ofModule: readonly PopulateFunction[] = [];

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
    return this.#options.populate.length > 0 || controllersOf(this.#modules).some(isPopulated);
  }

  /** Now, so that one that no module provides keeps the application from starting. */
  onModuleInit(): void {
    this.#ofModule = this.#resolve(this.#options.populate);
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
      found = [...this.#ofModule, ...this.#declared(type), ...this.#declared(handler)];
      byHandler.set(handler, found);
    }
    return found;
  }

  #declared(decorated: object): readonly PopulateFunction[] {
    return this.#resolve((Reflect.getMetadata(POPULATE, decorated) ?? []) as Populator[]);
  }

  #resolve(populators: readonly Populator[]): PopulateFunction[] {
    return populators.map((populator) => {
      if (!isPopulatorClass(populator)) return populator;
      const instance = this.#moduleRef.get(populator, { strict: false });
      return (context, executionContext) => instance.populate(context, executionContext);
    });
  }
}

function controllersOf(modules: ModulesContainer): Type[] {
  return [...modules.values()].flatMap(({ controllers }) =>
    [...controllers.values()].flatMap(({ metatype }) => (metatype ? [metatype as Type] : [])),
  );
}

function isPopulated(controller: Type): boolean {
  const prototype = controller.prototype as Record<string, object>;
  const handlers = new MetadataScanner().getAllMethodNames(prototype).map((name) => prototype[name]);
  return [controller, ...handlers].some((decorated) => Reflect.hasMetadata(POPULATE, decorated as object));
}
