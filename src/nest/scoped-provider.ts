import type { FactoryProvider, InjectionToken, Type } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { isContextScoped } from '../container/internal.js';
import { ContextError } from '../core/index.js';
import { wrongArgument } from '../core/internal.js';
import { noteDeclared } from './applications.js';
import { ScopedProviders } from './scoped-providers.js';

/** Something of which each unit of work gets what a factory makes for it. */
export interface ScopedFactory {
  /** The token that it is injected by. */
  readonly provide: InjectionToken;
  /** Makes one, an object or a function, when it is first used in a unit of work; see `LoadScoped` where it is asynchronous. */
  // biome-ignore lint/suspicious/noExplicitAny: as Nest declares it, so that the parameters can have their types
  readonly useFactory: (...dependencies: any[]) => object | Promise<object>;
  /** The tokens of what it is called with. Default: none. */
  readonly inject?: FactoryProvider['inject'];
  /** Whether it makes functions, which are called through what is injected. Default: false. */
  readonly callable?: boolean;
}

/** A context-scoped class under a token of its own. */
export interface ScopedClass {
  /** The token that it is injected by. */
  readonly provide: InjectionToken;
  /** A class with `@ContextScoped()`. */
  readonly useClass: Type<object>;
}

/** What can be declared as context-scoped: a class with `@ContextScoped()`, the same under a token, a factory. */
export type ScopedDeclaration = Type<object> | ScopedClass | ScopedFactory;

/**
 * A provider of something context-scoped, for the `providers` of the module that declares it. What is injected is one
 * object for all, which stands in for the instance of the current unit of work.
 *
 * @throws ContextError ERR_NOT_CONTEXT_SCOPED where a class has no `@ContextScoped()`.
 *
 * @example
 * \@ContextScoped()
 * class Caller {
 *   constructor(readonly context: RequestContext) {}
 * }
 *
 * \@Module({ providers: [scopedProvider(Caller)], exports: [Caller] })
 * class AuthModule {}
 */
export function scopedProvider(declaration: ScopedDeclaration): FactoryProvider {
  const declared = declarationOf(declaration);
  noteDeclared(declared.provide);
  return {
    provide: declared.provide,
    inject: [ModuleRef, ModulesContainer],
    useFactory: (moduleRef: ModuleRef, modules: ModulesContainer) =>
      ScopedProviders.of(modules).declare(declared, moduleRef),
  };
}

function declarationOf(declaration: ScopedDeclaration): ScopedClass | ScopedFactory {
  const where = 'scopedProvider';
  if (typeof declaration === 'function') return scopedClass(declaration, declaration);
  if (typeof declaration !== 'object' || declaration === null || declaration.provide === undefined)
    throw wrongArgument(where, 'a class or an object with `provide`', declaration);
  if ('useClass' in declaration) return scopedClass(declaration.provide, declaration.useClass);
  const { useFactory, inject, callable } = declaration;
  if (typeof useFactory !== 'function') throw wrongArgument(where, 'a function as useFactory', useFactory);
  if (inject !== undefined && !Array.isArray(inject))
    throw wrongArgument(where, 'an array of tokens as inject', inject);
  if (callable !== undefined && typeof callable !== 'boolean')
    throw wrongArgument(where, 'a boolean as callable', callable);
  return declaration;
}

function scopedClass(provide: InjectionToken, useClass: Type<object>): ScopedClass {
  if (typeof useClass !== 'function') throw wrongArgument('scopedProvider', 'a class as useClass', useClass);
  const { name } = useClass;
  if (isContextScoped(useClass)) return { provide, useClass };
  throw new ContextError(
    'ERR_NOT_CONTEXT_SCOPED',
    `${name} is declared by scopedProvider and has no @ContextScoped(); decorate it, or declare it as it is.`,
  );
}
