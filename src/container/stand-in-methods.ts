import type { Method } from '../core/method-decorator.js';
import { isProbe, propertyOf } from './stand-in-absence.js';
import { isMethod, isValue } from './stand-in-function.js';
import { StandInMethod, type StandInParts } from './stand-in-method.js';

/** What every object has, and arrays, dates and the like have in a way of their own. */
const conversions: ReadonlySet<PropertyKey> = new Set(['toString', 'toLocaleString', 'valueOf']);

/** Instances may have functions under any number of keys, which must not stay here for ever. */
const UNDECLARED_KEYS = 1000;

/** The methods of one stand-in, by key. */
export class StandInMethods {
  readonly #parts: StandInParts;
  readonly #known = new Map<PropertyKey, StandInMethod>();

  constructor(parts: StandInParts) {
    this.#parts = parts;
  }

  /** What the stand-in gives where there is no instance, if an instance has a method of this name. */
  giveWithout(key: PropertyKey): Method | undefined {
    const declared = this.#declared(key) ?? this.#conversion(key);
    return declared && this.at(key).wrapperOf(declared);
  }

  find(key: PropertyKey): StandInMethod | undefined {
    return this.#known.get(key);
  }

  at(key: PropertyKey): StandInMethod {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const method = new StandInMethod(this.#parts, key);
    const declared = this.#declared(key);
    if (declared !== undefined) method.attach(declared);
    if (declared !== undefined || this.#known.size < UNDECLARED_KEYS) this.#known.set(key, method);
    return method;
  }

  #declared(key: PropertyKey): Method | undefined {
    const { type } = this.#parts.scoped;
    if (type === undefined || key === 'constructor' || isProbe(key)) return undefined;
    const value: unknown = propertyOf(type.prototype as object, key)?.value;
    return isMethod(value) && !isValue(value, key) ? value : undefined;
  }

  #conversion(key: PropertyKey): Method | undefined {
    const { type, usable } = this.#parts.scoped;
    if (type !== undefined || !conversions.has(key) || !usable) return undefined;
    return Reflect.get(Object.prototype, key) as Method;
  }
}
