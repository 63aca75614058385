import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { scopedOf } from '../container/internal.js';
import { currentFrame } from '../core/internal.js';
import { HttpExchange } from './http-exchange.js';
import type { Module } from './visible-providers.js';

const applications = new Set<WeakRef<ModulesContainer>>();
/** By what was made. */
const hosts = new WeakMap<object, Module>();
/** By the class of what is made for each request. */
const classHosts = new WeakMap<ModulesContainer, WeakMap<object, Module>>();
const consumers = new WeakSet<object>();

const declared = new Set<InjectionToken>();

/** Notes that `token` has been declared as context-scoped in some application. */
export function noteDeclared(token: InjectionToken): void {
  declared.add(token);
}

/** Whether `token` was context-scoped before somebody put something else in its place. */
export function isDeclared(token: InjectionToken): boolean {
  return declared.has(token);
}

/** Notes that the application of `modules` has something context-scoped. */
export function noteApplication(modules: ModulesContainer): void {
  applications.add(new WeakRef(modules));
}

/** Has the application of `modules`, which is closed, searched no more. */
export function forgetApplication(modules: ModulesContainer): void {
  for (const reference of applications) if (reference.deref() === modules) applications.delete(reference);
}

/** Notes that what inherits from `prototype` asks for its module. */
export function noteConsumers(prototype: object): void {
  consumers.add(prototype);
}

/** Whether instances of `type` ask for their module. */
export function areConsumers(type: abstract new (...args: never[]) => object): boolean {
  let prototype = type.prototype as object | null;
  while (prototype !== null && !consumers.has(prototype)) prototype = Object.getPrototypeOf(prototype);
  return prototype !== null;
}

/** Notes the module of what is not kept by it. */
export function noteHost(consumer: object, module: Module): void {
  hosts.set(consumer, module);
}

/**
 * The module that provides `consumer`: in the application that serves the current request, where that has it, else in
 * whichever application does.
 */
export function hostOf(consumer: object): Module | undefined {
  const known = hosts.get(consumer);
  if (known !== undefined) return known;
  const own = ownApplication();
  const host =
    (own && classHosts.get(own)?.get(consumer.constructor)) ??
    find(own, ({ instance }) => instance === consumer || isProduct(consumer, instance)) ??
    classHost(own, consumer.constructor);
  if (host !== undefined) hosts.set(consumer, host);
  return host;
}

/** The module of a class of which an instance is made for each request, so that no module keeps it. */
function classHost(own: ModulesContainer | undefined, type: object): Module | undefined {
  let perRequest = false;
  const host = find(own, (provided) => {
    if (provided.metatype !== type) return false;
    perRequest = !provided.isDependencyTreeStatic();
    return true;
  });
  if (host === undefined || own === undefined || !perRequest) return host;
  // Searched once, and not for each instance: an application may have thousands of providers.
  const known = classHosts.get(own) ?? new WeakMap<object, Module>();
  classHosts.set(own, known.set(type, host));
  return host;
}

/** The one that serves the current request. */
function ownApplication(): ModulesContainer | undefined {
  const state = currentFrame()?.unit.state;
  return state instanceof HttpExchange ? state.host.modules : undefined;
}

interface Provided {
  readonly instance: unknown;
  readonly metatype: unknown;
  isDependencyTreeStatic(): boolean;
}

/** Whether a context-scoped factory has made `consumer` for this unit of work. */
function isProduct(consumer: object, instance: unknown): boolean {
  return (
    ((typeof instance === 'object' && instance !== null) || typeof instance === 'function') &&
    scopedOf(instance)?.peek() === consumer
  );
}

function find(
  own: ModulesContainer | undefined,
  matches: (provided: Provided) => boolean,
): Module | undefined {
  for (const modules of searched(own)) {
    for (const module of modules.values()) {
      for (const provided of [module.providers, module.controllers, module.injectables, module.middlewares]) {
        for (const one of provided.values()) if (matches(one)) return module;
      }
    }
  }
  return undefined;
}

function* searched(own: ModulesContainer | undefined): Generator<ModulesContainer> {
  if (own !== undefined) yield own;
  // The last one first: those before may have been closed, as in tests.
  for (const reference of [...applications].reverse()) {
    const modules = reference.deref();
    if (modules === undefined) applications.delete(reference);
    else if (modules !== own) yield modules;
  }
}
