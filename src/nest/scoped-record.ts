import type { InjectionToken } from '@nestjs/common';
import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import { path, Scoped, scopedOf } from '../container/internal.js';
import { ContextError } from '../core/index.js';
import { areConsumers, noteHost } from './applications.js';
import { dependenciesOfClass, dependenciesOfFactory, type ScopedDependency } from './scoped-dependencies.js';
import { nameOf } from './scoped-name.js';
import type { ScopedClass, ScopedFactory } from './scoped-provider.js';
import { unsupported } from './scoped-unsupported.js';
import { type Module, type Provider, visibleProvider } from './visible-providers.js';

interface Injected {
  readonly parameters: readonly unknown[];
  readonly properties: readonly (readonly [string | symbol, unknown])[];
}

/** One declaration of something context-scoped in a module of an application. */
export class ScopedRecord {
  readonly name: string;
  readonly scoped: Scoped;
  readonly #declaration: ScopedClass | ScopedFactory;
  readonly #dependencies: readonly ScopedDependency[];
  readonly #connect: () => void;
  readonly #asksForModule: boolean;
  /** One for each dependency; undefined for an optional one that nobody provides, and before there is any. */
  #providers: readonly (Provider | undefined)[] | undefined;
  #module: Module | undefined;
  /** Does not change once it is there: singletons and stand-ins. */
  #injected: Injected | undefined;

  constructor(declaration: ScopedClass | ScopedFactory, connect: () => void) {
    const type = 'useClass' in declaration ? declaration.useClass : undefined;
    this.name = nameOf(declaration.provide);
    this.#declaration = declaration;
    this.#connect = connect;
    this.#asksForModule = type !== undefined && areConsumers(type);
    this.#dependencies =
      type === undefined
        ? dependenciesOfFactory((declaration as ScopedFactory).inject)
        : dependenciesOfClass(type);
    this.scoped = new Scoped({
      name: this.name,
      type,
      callable: 'callable' in declaration && declaration.callable === true,
      connect: () => this.connect(),
      make: () => this.#make(),
      constructed: type !== undefined,
      lends: (made) => this.#injected?.parameters.includes(made) === true,
      needs: () => this.#scoped(),
    });
  }

  /** Finds the dependencies, once they can be found. */
  connect(): void {
    if (this.#providers === undefined) this.#connect();
  }

  get providers(): readonly (Provider | undefined)[] {
    return this.#providers ?? [];
  }

  /** What it depends on, but for what is declared by `forwardRef`. */
  firmProviders(): Provider[] {
    return this.providers.flatMap((provider, i) =>
      provider === undefined || this.#dependencies[i]?.forward ? [] : [provider],
    );
  }

  resolve(module: Module): void {
    this.#module = module;
    this.#providers = this.#dependencies.map((dependency) => this.#provider(dependency, module));
  }

  /** Nest waits for a promise that is given as a value only where a provider of its own injects it. */
  async valuesSettled(module: Module): Promise<void> {
    for (const { token } of this.#dependencies) {
      const provider = token === undefined ? undefined : visibleProvider(module, token);
      if (!provider?.async) continue;
      const host = provider.getInstanceByContextId(STATIC_CONTEXT);
      host.instance = await host.instance;
    }
  }

  /** Whether a unit of work needs but one instance of both: the same class or factory, with the same dependencies. */
  makesTheSameAs(other: ScopedRecord): boolean {
    const own = this.#providers;
    if (own === undefined || sourceOf(this.#declaration) !== sourceOf(other.#declaration)) return false;
    if (this.#declaration.provide !== other.#declaration.provide) return false;
    return own.every((provider, i) => {
      const theirs = other.providers[i];
      return provider === theirs || (isShared(provider, theirs) ?? false);
    });
  }

  #provider({ token, at, optional }: ScopedDependency, module: Module): Provider | undefined {
    const provider = token === undefined ? undefined : visibleProvider(module, token);
    if (provider === undefined) {
      if (optional) return undefined;
      throw this.#unknown(token, at, module);
    }
    const refused = unsupported(this.name, provider);
    if (refused !== undefined) throw refused;
    return provider;
  }

  #unknown(token: InjectionToken | undefined, at: ScopedDependency['at'], module: Module): ContextError {
    const where = typeof at === 'number' ? `at index ${at}` : `for the property '${String(at)}'`;
    if (token === undefined) {
      return new ContextError(
        'ERR_UNKNOWN_DEPENDENCY',
        `Context-scoped '${this.name}' depends on undefined ${where}, as in an import cycle; name it by @Inject(forwardRef(() => ...)).`,
      );
    }
    return new ContextError(
      'ERR_UNKNOWN_DEPENDENCY',
      `Context-scoped '${this.name}' depends on '${nameOf(token)}' ${where} (${path([this.name, nameOf(token)])}), which ${module.name} neither provides nor imports; add it to its providers or imports, or export it where it is provided.`,
    );
  }

  #make(): object | Promise<object> {
    this.#injected ??= this.#inject();
    const { parameters, properties } = this.#injected;
    const declaration = this.#declaration;
    if (!('useClass' in declaration)) return declaration.useFactory(...parameters);
    const made = new declaration.useClass(...parameters) as Record<PropertyKey, unknown>;
    for (const [key, value] of properties) made[key] = value;
    if (this.#asksForModule && this.#module !== undefined) noteHost(made, this.#module);
    return made;
  }

  #inject(): Injected {
    const parameters: unknown[] = [];
    const properties: [string | symbol, unknown][] = [];
    this.#dependencies.forEach(({ at }, i) => {
      const provider = this.providers[i];
      const value = provider && this.#instanceOf(provider);
      if (typeof at === 'number') parameters.push(value);
      else if (value !== undefined) properties.push([at, value]);
    });
    return { parameters, properties };
  }

  #instanceOf(provider: Provider): unknown {
    const host = provider.getInstanceByContextId(STATIC_CONTEXT);
    if (host.isResolved) return host.instance;
    throw new ContextError(
      'ERR_UNKNOWN_DEPENDENCY',
      `Context-scoped '${this.name}' is used before '${nameOf(provider.token)}' has been made (${path([this.name, nameOf(provider.token)])}); use it once the application has been initialized.`,
    );
  }

  #scoped(): Scoped[] {
    return this.providers.flatMap((provider) => scopedOfProvider(provider) ?? []);
  }
}

function sourceOf(declaration: ScopedClass | ScopedFactory): unknown {
  return 'useClass' in declaration ? declaration.useClass : declaration.useFactory;
}

/** What `provider` gives a stand-in of. */
export function scopedOfProvider(provider: Provider | undefined): Scoped | undefined {
  const instance: unknown = provider?.instance;
  return instance !== null && (typeof instance === 'object' || typeof instance === 'function')
    ? scopedOf(instance)
    : undefined;
}

function isShared(one: Provider | undefined, other: Provider | undefined): boolean | undefined {
  const scoped = scopedOfProvider(one);
  const theirs = scopedOfProvider(other);
  return scoped && theirs && scoped.sharesWith(theirs);
}
