class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: what makes the private field one of `object`
    return object;
  }
}

/**
 * Keeps a value with an object of others, in a private field: nobody sees it there, no copy of the object has it, and the
 * garbage collector has nothing to do with it, which a WeakMap with an entry for each request gives much to do.
 */
export class Stamped<T> extends Given {
  readonly #value: T;

  private constructor(object: object, value: T) {
    super(object);
    this.#value = value;
  }

  /** Once for an object. */
  static put<T>(object: object, value: T): void {
    new Stamped(object, value);
  }

  static get(object: object): unknown {
    return #value in object ? object.#value : undefined;
  }
}
