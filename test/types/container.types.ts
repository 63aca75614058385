// Compile-time tests of the entry "./container": nothing here runs; see core.types.ts.

import { ContextScoped, contextScopedFactory, loadScoped } from 'nestjs-contextvars/container';
import { container, type DependencyContainer, inject, singleton } from 'tsyringe';

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

/** Compiles only where `T` is exactly the type of `value`. */
declare function same<T>(): <V>(value: V, ...equal: Equal<T, V> extends true ? [] : [never]) => void;

class Config {
  readonly url = 'db://';
}

@ContextScoped()
export class Repo {
  constructor(
    readonly config: Config,
    @inject('Connection') readonly connection: { query(): void },
  ) {}

  // @ts-expect-error it decorates classes
  @ContextScoped()
  method(): void {}
}

@ContextScoped()
abstract class Abstract {
  abstract read(): string;
}

@singleton()
export class Service {
  constructor(readonly repo: Repo) {}
}
same<Repo>()(container.resolve(Repo));

// --- contextScopedFactory: what the factory makes, awaited

const made = contextScopedFactory((c) => c.resolve(Config));
const loaded = contextScopedFactory(async (c) => c.resolve(Config));
same<(c: DependencyContainer) => Config>()(made);
same<(c: DependencyContainer) => Config>()(loaded);
same<(c: DependencyContainer) => Config>()(contextScopedFactory<Config>(() => ({ url: 'db://' })));
contextScopedFactory(() => new Config(), { name: 'Config', type: Config, callable: false });
contextScopedFactory(() => ({ read: () => '' }), { type: Abstract });
container.register<Config>('Config', { useFactory: contextScopedFactory(async () => new Config()) });
// @ts-expect-error nothing can stand in for a string
contextScopedFactory(() => 'db://');
// @ts-expect-error another class
contextScopedFactory(() => new Config(), { type: Repo });
// @ts-expect-error no such option
contextScopedFactory(() => new Config(), { token: 'Config' });
// @ts-expect-error a function
contextScopedFactory(Config);

// --- loadScoped

same<Promise<void>>()(loadScoped());
loadScoped('Config', Symbol('Config'), Repo, Abstract, container.resolve(Repo));
// @ts-expect-error nothing that could be context-scoped
loadScoped(1);
// @ts-expect-error a list of arguments, not possibly undefined ones
loadScoped(undefined);
