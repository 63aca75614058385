import {
  type DynamicModule,
  type INestApplicationContext,
  type InjectionToken,
  Module,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { ContextModule, runUnitOfWork } from 'nestjs-contextvars';

export type Start = (metadata: ModuleMetadata) => Promise<INestApplicationContext>;
type Override = (builder: TestingModuleBuilder) => TestingModuleBuilder;

const running = new Set<INestApplicationContext>();

/** A module with that name, without a class of its own in the test. */
export function moduleOf(name: string, metadata: ModuleMetadata): Type {
  const type = { [name]: class {} }[name] as Type;
  Module(metadata)(type);
  return type;
}

function withContext({ imports = [], ...metadata }: ModuleMetadata): ModuleMetadata {
  return { imports: [ContextModule.forRoot({ logger: false }), ...imports], ...metadata };
}

/** An initialized testing module on ContextModule; `closeApps` closes it. */
export function startTesting(
  metadata: ModuleMetadata,
  override?: Override,
): Promise<INestApplicationContext> {
  return startWithoutContext(withContext(metadata), override);
}

/** The same with what `metadata` says and no more. */
export async function startWithoutContext(
  metadata: ModuleMetadata,
  override: Override = (builder) => builder,
): Promise<INestApplicationContext> {
  const module = await override(Test.createTestingModule(metadata)).compile();
  await module.init();
  running.add(module);
  return module;
}

/** An application context as a script makes it; `closeApps` closes it. */
export async function startScript(metadata: ModuleMetadata): Promise<INestApplicationContext> {
  const module: DynamicModule = { module: class AppModule {}, ...withContext(metadata) };
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  running.add(app);
  return app;
}

/** Both ways to start without HTTP. */
export const starts: readonly (readonly [string, Start])[] = [
  ['a testing module', startTesting],
  ['NestFactory', startScript],
];

export async function closeApps(): Promise<void> {
  const apps = [...running];
  running.clear();
  for (const app of apps) await app.close();
}

export interface Refusal {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
}

/** What keeps an application from starting; fails where it starts. */
export async function refusalOf(
  metadata: ModuleMetadata,
  start: (metadata: ModuleMetadata) => Promise<unknown> = startTesting,
): Promise<Refusal> {
  try {
    await start(metadata);
  } catch (error) {
    return error as Refusal;
  }
  throw new Error('the application has started');
}

/** Calls `fn` in a unit of work of its own. */
export function inUnit<R>(fn: () => R): R {
  return runUnitOfWork({ kind: 'test' }, fn);
}

/** What `app` injects by `token` wherever it is declared. */
export function got<T>(app: INestApplicationContext, token: InjectionToken): T {
  return app.get(token as Type<T>, { strict: false });
}
