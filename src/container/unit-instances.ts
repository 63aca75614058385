import type { Scoped } from './scoped.js';

/** The instances of one unit of work. The unit holds them, and lets them go at its end. */
export class UnitInstances {
  readonly made: Map<Scoped, object> = new Map();
  /** Being made at this moment, outermost first. */
  readonly making: Scoped[] = [];
  /** Of asynchronous factories that have not settled. */
  readonly loading: Map<Scoped, Promise<object>> = new Map();
}
