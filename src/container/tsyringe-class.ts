import type { DependencyContainer, injectable } from 'tsyringe';
import { cycle } from './errors.js';
import { type Class, findCycle, isContextScoped, type Recipe, type Scoped, scopedOf } from './internal.js';
import { dependenciesOf, parametersOf } from './tsyringe-dependencies.js';
import { explaining, unknownParameter } from './tsyringe-errors.js';
import { isContextScopedFactory } from './tsyringe-factory.js';
import { passingErrors } from './tsyringe-failures.js';
import type { Container } from './tsyringe-internals.js';
import { unitContainer } from './tsyringe-unit-container.js';

/** How the instances of a class that is marked are made for what `owner` makes. */
export function recipeOf(
  type: Class,
  owner: Container,
  construct: Container['construct'],
  note: typeof injectable,
): Recipe {
  const name = nameOf(type);
  const unknown = parametersOf(type).indexOf(undefined);
  if (unknown !== -1) throw unknownParameter(name, unknown);
  refuseCycle(type, owner);
  note()(type as never);
  return {
    name,
    type,
    constructed: true,
    make: () =>
      explaining(name, () =>
        passingErrors(() => construct.call(unitContainer(owner), type, { scopedResolutions: new Map() })),
      ),
    needs: () => factoriesUnder(type, owner),
  };
}

function nameOf(type: unknown): string {
  return (type as Class).name || '(anonymous class)';
}

function refuseCycle(type: Class, owner: Container): void {
  const found = findCycle<unknown>(type, (node) => dependenciesOf(owner, node));
  if (found === undefined) return;
  // From one that is marked, wherever the search came in.
  const nodes = found.slice(0, -1);
  const marked = nodes.findIndex(isContextScoped);
  const start = Math.max(0, marked);
  const names = [...nodes.slice(start), ...nodes.slice(0, start), nodes[start]].map(nameOf);
  throw cycle(names, marked === -1 ? 'Class' : undefined);
}

/** Those may be asynchronous; what is between them and `type` is not. */
function factoriesUnder(type: Class, owner: Container): Scoped[] {
  const reached = new Set<unknown>([type]);
  for (const node of reached) for (const next of dependenciesOf(owner, node)) reached.add(next);
  return [...reached]
    .filter(isContextScopedFactory)
    .flatMap((factory) => scopedOf(factory(owner as DependencyContainer)) ?? []);
}
