import type { InjectionToken } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import { findCycle, isContextScoped, path, type Scoped, standInFor } from '../container/internal.js';
import { ContextError } from '../core/index.js';
import { hostOf, isDeclared, noteApplication } from './applications.js';
import { dependenciesOfClass, dependenciesOfFactory } from './scoped-dependencies.js';
import { nameOf } from './scoped-name.js';
import type { ScopedClass, ScopedFactory } from './scoped-provider.js';
import { ScopedRecord, scopedOfProvider } from './scoped-record.js';
import { type Module, moduleOf, type Provider, visibleProvider } from './visible-providers.js';

/** What is context-scoped in one application. */
export class ScopedProviders {
  static readonly #all = new WeakMap<ModulesContainer, ScopedProviders>();
  readonly #modules: ModulesContainer;
  readonly #records = new Map<Scoped, ScopedRecord>();

  private constructor(modules: ModulesContainer) {
    this.#modules = modules;
  }

  static of(modules: ModulesContainer): ScopedProviders {
    let own = ScopedProviders.#all.get(modules);
    if (own === undefined) {
      own = new ScopedProviders(modules);
      noteApplication(modules);
      ScopedProviders.#all.set(modules, own);
    }
    return own;
  }

  /**
   * Waits for the instances that the module of `consumer` injects by `tokens`.
   *
   * @throws ContextError ERR_NOT_CONTEXT_SCOPED
   */
  static async load(consumer: object, tokens: readonly InjectionToken[]): Promise<void> {
    const module = hostOf(consumer);
    // Made by hand, as in a unit test: it has been given what it needs.
    if (module === undefined) return;
    for (const token of tokens) {
      const provider = visibleProvider(module, token);
      const scoped = scopedOfProvider(provider);
      if (scoped !== undefined) await scoped.load();
      // What a test has put in its place is there already.
      else if (provider === undefined || !isDeclared(provider.token)) throw notScoped(token, consumer);
    }
  }

  /** What stands in for the instances of `declaration` in the module of `moduleRef`. */
  async declare(declaration: ScopedClass | ScopedFactory, moduleRef: ModuleRef): Promise<object> {
    const record = new ScopedRecord(declaration, () => this.#connect(record, moduleRef));
    this.#records.set(record.scoped, record);
    const module = moduleOf(this.#modules, moduleRef);
    if (module !== undefined) await record.valuesSettled(module);
    return standInFor(record.scoped);
  }

  /**
   * Finds the dependencies of all that is declared.
   *
   * @throws ContextError ERR_UNKNOWN_DEPENDENCY, ERR_UNSUPPORTED_DEPENDENCY, ERR_DEPENDENCY_CYCLE, ERR_NOT_REGISTERED
   */
  check(): void {
    for (const module of this.#modules.values()) refuseUndeclared(module);
    for (const record of this.#records.values()) record.connect();
    const found = findCycle<Provider | ScopedRecord | undefined>(undefined, (node) => this.#edges(node));
    if (found === undefined) return;
    const names = found.map((node) => (node instanceof ScopedRecord ? node.name : nameOf(node?.token)));
    throw new ContextError(
      'ERR_DEPENDENCY_CYCLE',
      `Context-scoped providers depend on each other: ${path(names)}; take one of them out, or put forwardRef on one and use it after construction.`,
    );
  }

  #connect(record: ScopedRecord, moduleRef: ModuleRef): void {
    const module = moduleOf(this.#modules, moduleRef);
    if (module === undefined) throw new Error(`the module of ${record.name} is gone`);
    record.resolve(module);
    for (const provider of record.providers) this.#recordOf(provider)?.connect();
    // Not by the order of declaration: what depends on a later one connects that one first.
    for (const other of this.#records.values()) {
      if (other === record || !other.makesTheSameAs(record)) continue;
      record.scoped.shareWith(other.scoped);
      break;
    }
  }

  #recordOf(provider: Provider | undefined): ScopedRecord | undefined {
    const scoped = scopedOfProvider(provider);
    return scoped && this.#records.get(scoped);
  }

  #edges(node: Provider | ScopedRecord | undefined): (Provider | ScopedRecord)[] {
    if (node === undefined) return [...this.#records.values()];
    const next = node instanceof ScopedRecord ? node.firmProviders() : firmProviders(node);
    return next.map((provider) => this.#recordOf(provider) ?? provider);
  }
}

function notScoped(token: InjectionToken, consumer: object): ContextError {
  const name = nameOf(token);
  return new ContextError(
    'ERR_NOT_CONTEXT_SCOPED',
    `'${name}' in @LoadScoped of ${consumer.constructor.name} is nothing context-scoped that its module can inject; declare it by scopedProvider or ContextModule.forFeature, and import that module.`,
  );
}

/** What a singleton depends on, but for what it declares by `forwardRef`. */
function firmProviders({ host, inject, metatype, isNotMetatype }: Provider): Provider[] {
  if (host === undefined || metatype === null) return [];
  const dependencies = inject
    ? dependenciesOfFactory(inject)
    : isNotMetatype
      ? []
      : dependenciesOfClass(metatype as never);
  return dependencies.flatMap(({ token, forward }) => {
    const provider = forward || token === undefined ? undefined : visibleProvider(host, token);
    return provider === undefined ? [] : [provider];
  });
}

/** It would be a singleton, with the state of one request for all of them. */
function refuseUndeclared({ name: module, providers, controllers, injectables, middlewares }: Module): void {
  const declared = madeByNest(providers, controllers);
  if (declared !== undefined) {
    throw new ContextError(
      'ERR_NOT_REGISTERED',
      `Context-scoped '${declared}' is declared in ${module} as if it were a singleton; put scopedProvider(${declared}) there instead.`,
    );
  }
  const bound = madeByNest(injectables, middlewares);
  if (bound !== undefined) {
    throw new ContextError(
      'ERR_NOT_REGISTERED',
      `Context-scoped '${bound}' is a guard, pipe, interceptor, filter or middleware of ${module}, of which Nest makes one for all; inject it into a singleton that is one.`,
    );
  }
}

/** The name of a context-scoped class that Nest itself makes an instance of. */
function madeByNest(...collections: ReadonlyMap<unknown, Provider>[]): string | undefined {
  for (const collection of collections) {
    for (const { metatype, inject } of collection.values())
      if (!inject && isContextScoped(metatype)) return nameOf(metatype as InjectionToken);
  }
  return undefined;
}
