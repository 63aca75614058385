import type { DependencyContainer, InjectionToken, Lifecycle } from 'tsyringe';

/** One entry under a token. */
export interface Registration {
  readonly provider: {
    readonly useValue?: unknown;
    readonly useToken?: InjectionToken;
    readonly useClass?: unknown;
    readonly useFactory?: unknown;
  };
  readonly options: { readonly lifecycle: Lifecycle };
}

/** What is shared by everything that is made for one `resolve`. */
export interface Resolution {
  readonly scopedResolutions: Map<Registration, unknown>;
}

/** tsyringe's containers with what this room needs of them beyond their public type. */
export interface Container extends DependencyContainer {
  resolve<T>(token: InjectionToken<T>, resolution?: Resolution, isOptional?: boolean): T;
  resolveAll<T>(token: InjectionToken<T>, resolution?: Resolution, isOptional?: boolean): T[];
  createChildContainer(): Container;
  construct(type: unknown, resolution: Resolution): object;
  resolveRegistration(registration: Registration, resolution: Resolution): unknown;
  getRegistration(token: InjectionToken): Registration | null;
  getAllRegistrations(token: InjectionToken): Registration[] | null;
}

export type ContainerClass = new (parent: Container) => Container;

const needed = ['construct', 'resolveRegistration', 'getRegistration', 'getAllRegistrations'] as const;

/**
 * The class of tsyringe's containers.
 *
 * @throws Error where it is not as this room knows it: rather no container at all than instances that are shared.
 */
export function classOf(container: DependencyContainer): ContainerClass {
  const missing = needed.filter((method) => typeof (container as Container)[method] !== 'function');
  if (missing.length > 0) {
    throw new Error(
      `nestjs-contextvars/container does not know this version of tsyringe, which has no ${missing.join(', ')}; install tsyringe 4.10.`,
    );
  }
  return container.constructor as ContainerClass;
}
