// What the stand-ins of these tests stand for: a class with a bit of everything.

export const SYMBOL = Symbol('own');

export class Person {
  static kind = 'static';
  shared = 'of Person';
  describe(): string {
    return `a person, ${this.shared}`;
  }
  get inherited(): string {
    return `inherited by ${this.shared}`;
  }
  overridden(): string {
    return 'Person';
  }
}

export class Caller extends Person {
  #secret = 7;
  name = 'ann';
  list = [1, 2];
  nested = { deep: { value: 1 } };
  nothing: string | undefined = undefined;
  declare hidden: number;
  declare fixed: number;
  declare locked: number;
  [SYMBOL] = 'of a symbol';
  arrow = (word = 'arrow'): string => `${word} ${this.name}`;

  constructor() {
    super();
    Object.defineProperty(this, 'hidden', {
      value: 1,
      enumerable: false,
      writable: true,
      configurable: true,
    });
    Object.defineProperty(this, 'fixed', { value: 2, enumerable: true, writable: false, configurable: true });
    Object.defineProperty(this, 'locked', {
      value: 3,
      enumerable: true,
      writable: true,
      configurable: false,
    });
  }

  get secret(): number {
    return this.#secret;
  }
  set secret(value: number) {
    this.#secret = value;
  }
  get readOnly(): string {
    return `read ${this.#secret}`;
  }
  set writeOnly(value: string) {
    this.name = value;
  }
  greet(word = 'hello', ...rest: unknown[]): string {
    return `${word} ${this.name} ${this.#secret} ${rest.length}`;
  }
  counted(..._args: unknown[]): number {
    // biome-ignore lint/complexity/noArguments: how many were passed is what is asked
    return arguments.length;
  }
  fails(): never {
    throw new RangeError('from the method');
  }
  rename(name: string): this {
    this.name = name;
    return this;
  }
  get itself(): this {
    return this;
  }
  override overridden(): string {
    return `Caller over ${super.overridden()}`;
  }
  async later(): Promise<number> {
    return this.#secret;
  }
  *numbers(): Generator<number> {
    yield* this.list;
  }
  *[Symbol.iterator](): Generator<number> {
    yield* this.list;
  }
  isMine(other: object): boolean {
    return #secret in other;
  }
}
