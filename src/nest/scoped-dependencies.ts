import type { FactoryProvider, ForwardReference, InjectionToken, Type } from '@nestjs/common';

/** The keys under which Nest's decorators note what is to be injected. */
const PARAMETER_TYPES = 'design:paramtypes';
const PARAMETERS = 'self:paramtypes';
const OPTIONAL_PARAMETERS = 'optional:paramtypes';
const PROPERTIES = 'self:properties_metadata';
const OPTIONAL_PROPERTIES = 'optional:properties_metadata';

/** Something that is to be injected into what is context-scoped. */
export interface ScopedDependency {
  /** Undefined where an import cycle leaves nothing to read. */
  readonly token: InjectionToken | undefined;
  /** The parameter, or the property. */
  readonly at: number | string | symbol;
  readonly optional: boolean;
  /** Declared by `forwardRef`: meant to be a part of a cycle. */
  readonly forward: boolean;
}

type Declared = InjectionToken | ForwardReference | undefined;

/** What Nest would inject into the constructor and the properties of `type`, by the metadata of its decorators. */
export function dependenciesOfClass(type: Type): ScopedDependency[] {
  const types = [...((Reflect.getMetadata(PARAMETER_TYPES, type) ?? []) as Declared[])];
  const declared = (Reflect.getMetadata(PARAMETERS, type) ?? []) as { index: number; param: Declared }[];
  for (const { index, param } of declared) types[index] = param;
  // Without the compiler's metadata (esbuild) a parameter would be left out, and be undefined.
  types.length = Math.max(types.length, constructorOwner(type).length);
  const optional = (Reflect.getOwnMetadata(OPTIONAL_PARAMETERS, constructorOwner(type)) ?? []) as number[];
  const parameters = Array.from(types, (token, at) => dependency(token, at, optional.includes(at)));
  const properties = (Reflect.getMetadata(PROPERTIES, type) ?? []) as {
    key: string | symbol;
    type: Declared;
  }[];
  const may = (Reflect.getMetadata(OPTIONAL_PROPERTIES, type) ?? []) as (string | symbol)[];
  return [...parameters, ...properties.map(({ key, type }) => dependency(type, key, may.includes(key)))];
}

/** What `inject` of a factory names. */
export function dependenciesOfFactory(inject: FactoryProvider['inject'] = []): ScopedDependency[] {
  return inject.map((declared, at) => {
    if (!isOptionalDependency(declared)) return dependency(declared as Declared, at, false);
    return dependency(declared.token as Declared, at, declared.optional);
  });
}

function dependency(declared: Declared, at: ScopedDependency['at'], optional: boolean): ScopedDependency {
  const forward = isForward(declared);
  return { token: forward ? (declared.forwardRef() as InjectionToken) : declared, at, optional, forward };
}

function isForward(declared: Declared): declared is ForwardReference {
  return typeof (declared as ForwardReference | undefined)?.forwardRef === 'function';
}

function isOptionalDependency(declared: unknown): declared is { token: unknown; optional: boolean } {
  return typeof declared === 'object' && declared !== null && 'token' in declared && 'optional' in declared;
}

/** A subclass without a constructor of its own has the parameters of its base, and their decorators. */
function constructorOwner(type: Type): Type {
  const keys = [PARAMETER_TYPES, OPTIONAL_PARAMETERS, PARAMETERS];
  for (let owner: unknown = type; isClass(owner); owner = Object.getPrototypeOf(owner)) {
    const own = owner;
    if (keys.some((key) => Reflect.hasOwnMetadata(key, own))) return own;
  }
  return type;
}

function isClass(value: unknown): value is Type {
  return typeof value === 'function' && value !== Function.prototype;
}
