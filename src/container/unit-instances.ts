import type { Unit } from '../core/internal.js';
import { Made } from './made.js';
import type { Scoped } from './scoped.js';

/** The instances of one unit of work. The unit holds them, and lets them go at its end. */
export class UnitInstances {
  readonly made: Made = new Made();
  /** Being made at this moment, outermost first. */
  readonly making: Scoped[] = [];
  /** Of asynchronous factories that have not settled. Most units have none, as of the next two. */
  loading: Map<Scoped, Promise<object>> | undefined;
  /** To be disposed of at the end, or disposed of already. */
  disposable: Set<object> | undefined;
  /** Those whose instance has been disposed of. */
  gone: Set<Scoped> | undefined;

  /** Those of `unit`, if it has any and has not ended. */
  static in(unit: Unit): UnitInstances | undefined {
    return unit.instances as UnitInstances | undefined;
  }

  /** Those of `unit`, which must not have ended: it would hold them for good. */
  static for(unit: Unit): UnitInstances {
    unit.instances ??= new UnitInstances();
    return unit.instances as UnitInstances;
  }
}
