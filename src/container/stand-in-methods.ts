import type { Method } from '../core/method-decorator.js';
import { isProbe, propertyOf } from './stand-in-absence.js';
import { isMethod, isValue } from './stand-in-function.js';
import { type Owner, StandInMethod } from './stand-in-method.js';

/** The methods of one stand-in, by key. */
export class StandInMethods {
  readonly #owner: Owner;
  readonly #known = new Map<PropertyKey, StandInMethod>();

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** What the stand-in gives where there is no instance, if the class has a method of this name. */
  giveWithout(key: PropertyKey): Method | undefined {
    const declared = this.#declared(key);
    return declared && this.at(key).wrapperOf(declared);
  }

  find(key: PropertyKey): StandInMethod | undefined {
    return this.#known.get(key);
  }

  at(key: PropertyKey): StandInMethod {
    let method = this.#known.get(key);
    if (method === undefined) {
      method = new StandInMethod(this.#owner, key);
      this.#known.set(key, method);
      const declared = this.#declared(key);
      if (declared !== undefined) method.attach(declared);
    }
    return method;
  }

  #declared(key: PropertyKey): Method | undefined {
    const { type } = this.#owner.scoped;
    if (type === undefined || key === 'constructor' || isProbe(key)) return undefined;
    const value: unknown = propertyOf(type.prototype as object, key)?.value;
    return isMethod(value) && !isValue(value, key) ? value : undefined;
  }
}
