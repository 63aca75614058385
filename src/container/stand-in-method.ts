import { standIn as dressed, type Method } from '../core/method-decorator.js';
import type { Scoped } from './scoped.js';
import { propertyOf, prototypeOf } from './stand-in-absence.js';
import { isBare, isMethod, isValue } from './stand-in-function.js';
import { type Forwarding, wrapperFor } from './stand-in-wrapper.js';

export interface StandInParts {
  readonly scoped: Scoped;
  readonly standIn: object;
  /** What the proxy is made of. Of a class it has what can be given without a trap. */
  readonly target: object;
}

/** What a stand-in gives for the functions that instances have under one key. */
export class StandInMethod implements Forwarding {
  expected: Method | undefined;
  careful = false;
  readonly #parts: StandInParts;
  readonly #key: PropertyKey;
  /** One for all functions that carry nothing of their own, so that its identity is the same in all units. */
  #plain: Method | undefined;
  readonly #wrappers = new WeakSet<Method>();
  /** What is given for a function. */
  readonly #given = new WeakMap<Method, Method>();
  /** Instances of which the function was written through the stand-in, with the one before. */
  #written: WeakMap<object, Method | undefined> | undefined;
  #state: 'new' | 'attached' | 'detached' = 'new';

  constructor(parts: StandInParts, key: PropertyKey) {
    this.#parts = parts;
    this.#key = key;
  }

  /** Has the wrapper of a method of the class given without asking the instance first. */
  attach(declared: Method): void {
    if (this.#state !== 'new') return;
    this.#state = 'attached';
    this.expected = declared;
    this.careful = true;
    const value = this.wrapperOf(declared);
    Object.defineProperty(this.#parts.target, this.#key, { value, configurable: true });
  }

  /** Asks the instance from now on. */
  detach(): void {
    if (this.#state === 'attached') Reflect.deleteProperty(this.#parts.target, this.#key);
    this.#state = 'detached';
    this.careful = this.#written !== undefined;
  }

  /** What a read of the key gives where `instance` has `found`. */
  give(instance: object, found: Method): Method {
    const given = this.#written?.has(instance)
      ? found
      : (this.#given.get(found) ?? this.#decide(instance, found));
    if (this.#state === 'attached' && given !== Reflect.get(this.#parts.target, this.#key)) this.detach();
    return given;
  }

  /** Looks like `fn`, and calls what the current instance has. */
  wrapperOf(fn: Method): Method {
    if (isBare(fn)) {
      this.#plain ??= this.#wrap(fn);
      return this.#plain;
    }
    const given = this.#given.get(fn);
    return given === undefined || given === fn ? this.#wrap(fn) : given;
  }

  forward(instance: object, found: unknown, args: ArrayLike<unknown>): unknown {
    const { scoped, standIn } = this.#parts;
    const fn = this.#written?.get(instance) ?? found;
    if (!isMethod(fn)) throw new TypeError(`${scoped.name}.${String(this.#key)} is not a function`);
    if (fn === found && fn !== this.expected && this.#state === 'attached') this.#learn(instance, fn);
    const result: unknown = Reflect.apply(fn, instance, args);
    return result === instance ? standIn : result;
  }

  /**
   * With an instance of the class, or an object made from the stand-in, as `this` it is that object's method. Anything
   * else is what an extracted method happens to be called with: nothing, a timer, an emitter.
   */
  forwardFrom(self: unknown, args: ArrayLike<unknown>): unknown {
    const { scoped } = this.#parts;
    if (!this.#belongsTo(self)) {
      const instance = scoped.use();
      return this.forward(instance, Reflect.get(instance, this.#key), args);
    }
    const instance = scoped.peek() ?? prototypeOf(scoped);
    const found: unknown = this.#written?.get(instance) ?? Reflect.get(instance, this.#key);
    return Reflect.apply(found as Method, self, args);
  }

  #belongsTo(self: unknown): boolean {
    const { scoped, standIn } = this.#parts;
    if (typeof self !== 'object' && typeof self !== 'function') return false;
    if (Object.prototype.isPrototypeOf.call(standIn, self as object)) return true;
    const prototype = scoped.type === undefined ? Reflect.getPrototypeOf(scoped.use()) : prototypeOf(scoped);
    if (prototype === null || prototype === Object.prototype || prototype === Function.prototype)
      return false;
    return Object.prototype.isPrototypeOf.call(prototype, self as object);
  }

  /** Applies `write`, which puts `value`, or what that stands for, under the key of `instance`. */
  write(instance: object, value: unknown, write: (value: unknown) => boolean): boolean {
    this.detach();
    const before: unknown = propertyOf(instance, this.#key)?.value;
    if (this.isOurs(value)) {
      // The wrapper that was read before is put back.
      const done = write(this.#written?.get(instance) ?? before);
      if (done) this.forget(instance);
      return done;
    }
    if (!write(value)) return false;
    if (isMethod(value) && propertyOf(instance, this.#key)?.value === value) this.#remember(instance, before);
    return true;
  }

  isOurs(value: unknown): boolean {
    return isMethod(value) && this.#wrappers.has(value);
  }

  /** What was written through the stand-in is gone. */
  forget(instance: object): void {
    this.#written?.delete(instance);
  }

  /**
   * What is written in the place of a method may call the wrapper that it has read before, as `jest.spyOn` does; the
   * wrapper must then not call that in turn.
   */
  #remember(instance: object, before: unknown): void {
    this.#written ??= new WeakMap();
    this.expected = undefined;
    this.careful = true;
    if (!this.#written.has(instance)) this.#written.set(instance, isMethod(before) ? before : undefined);
  }

  /** Nothing of a unit may be kept here, but what its instance has inherited is not of the unit. */
  #learn(instance: object, found: Method): void {
    this.give(instance, found);
    const prototype = Reflect.getPrototypeOf(instance);
    const inherited: unknown = prototype && propertyOf(prototype, this.#key)?.value;
    if (this.#state === 'attached' && inherited === found) this.expected = found;
  }

  #decide(instance: object, found: Method): Method {
    const own = Object.hasOwn(instance, this.#key);
    const asItIs = isValue(found, this.#key) || (own && !isBare(found));
    const given = asItIs ? found : this.wrapperOf(found);
    this.#given.set(found, given);
    return given;
  }

  #wrap(fn: Method): Method {
    const { scoped, standIn } = this.#parts;
    const wrapper = dressed(wrapperFor(scoped, standIn, this.#key, fn.length, this), fn);
    this.#wrappers.add(wrapper);
    this.#given.set(fn, wrapper);
    return wrapper;
  }
}
