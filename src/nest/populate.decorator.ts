import { SetMetadata } from '@nestjs/common';
import type { Populator } from './populator.js';

/** The metadata key of {@link Populate}. */
export const POPULATE: unique symbol = Symbol.for('nestjs-contextvars.populate');

/**
 * Populators for a handler, or for each handler of a controller, gateway or resolver. They run one after the other, after
 * the guards and before the handler: those of the module's option `populate` first, then the class's, then the
 * handler's. Several decorators on one thing run from top to bottom.
 *
 * @throws TypeError where a populator is not a function or class.
 *
 * @example
 * \@Controller('orders')
 * \@Populate(PlanPopulator)
 * class OrdersController {
 *   \@Populate((context) => void context.set(purpose, 'listing'))
 *   \@Get()
 *   list() { ... }
 * }
 */
export function Populate(...populators: Populator[]): ClassDecorator & MethodDecorator {
  if (populators.length === 0 || populators.some((populator) => typeof populator !== 'function')) {
    throw new TypeError('@Populate: expected functions or classes of providers');
  }
  return ((target: object, key?: string | symbol, descriptor?: TypedPropertyDescriptor<unknown>) => {
    const decorated = (descriptor?.value ?? target) as object;
    const below = (Reflect.getOwnMetadata(POPULATE, decorated) ?? []) as Populator[];
    const set = SetMetadata(POPULATE, [...populators, ...below]);
    return descriptor === undefined ? set(target as never) : set(target, key as string | symbol, descriptor);
  }) as ClassDecorator & MethodDecorator;
}
