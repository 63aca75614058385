import type { ModulesContainer } from '@nestjs/core';
import type { Module } from './visible-providers.js';

const applications = new Set<WeakRef<ModulesContainer>>();
const hosts = new WeakMap<object, Module>();

/** Notes that the application of `modules` has something context-scoped. */
export function noteApplication(modules: ModulesContainer): void {
  applications.add(new WeakRef(modules));
}

/** The module that provides `consumer`, whichever application it is of. */
export function hostOf(consumer: object): Module | undefined {
  const known = hosts.get(consumer);
  if (known !== undefined) return known;
  const host = find((provided) => provided.instance === consumer) ?? find(isOfItsClass(consumer));
  if (host !== undefined) hosts.set(consumer, host);
  return host;
}

interface Provided {
  readonly instance: unknown;
  readonly metatype: unknown;
}

/** One that is made anew for each request is not kept by its module. */
function isOfItsClass(consumer: object): (provided: Provided) => boolean {
  return ({ instance, metatype }) =>
    metatype === consumer.constructor ||
    // What is context-scoped: its stand-in tells the class.
    (typeof instance === 'object' && instance !== null && instance.constructor === consumer.constructor);
}

function find(matches: (provided: Provided) => boolean): Module | undefined {
  for (const reference of applications) {
    const modules = reference.deref();
    if (modules === undefined) applications.delete(reference);
    for (const module of modules?.values() ?? []) {
      for (const provided of [module.providers, module.controllers, module.injectables]) {
        for (const one of provided.values()) if (matches(one)) return module;
      }
    }
  }
  return undefined;
}
