import type { ExecutionContext, Type } from '@nestjs/common';
import type { RequestContext } from './request-context.js';

/** Fills the context of a request or message; see {@link Populator}. */
export type PopulateFunction = (
  context: RequestContext,
  executionContext: ExecutionContext,
) => void | Promise<void>;

/** A provider that fills the context of a request or message; see {@link Populator}. */
export interface ContextPopulator {
  populate(context: RequestContext, executionContext: ExecutionContext): void | Promise<void>;
}

/**
 * Fills the context of an HTTP request, a message (of a gateway, of a microservice) or a GraphQL operation after the
 * guards and before the handler: a function, or the class of a provider of any module (a singleton). It is awaited; what
 * it throws is answered by Nest's exception layer, and the handler does not run. It runs once for each unit of work: for
 * a GraphQL operation once, and not for each of its resolvers.
 *
 * @example
 * \@Injectable()
 * class PlanPopulator implements ContextPopulator {
 *   constructor(private readonly plans: PlansService) {}
 *   async populate(context: RequestContext) {
 *     context.set(plan, await this.plans.of(context.get(tenant)));
 *   }
 * }
 */
export type Populator = PopulateFunction | Type<ContextPopulator>;

/** Nest gives classes and functions alike; a class has `populate` on its prototype, or is written as one. */
export function isPopulatorClass(populator: Populator): populator is Type<ContextPopulator> {
  const prototype: unknown = populator.prototype;
  return (
    typeof (prototype as Partial<ContextPopulator> | undefined)?.populate === 'function' ||
    Object.getOwnPropertyDescriptor(populator, 'prototype')?.writable === false
  );
}
