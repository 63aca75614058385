import { currentUnit } from 'nestjs-contextvars';

/** What has been made of the classes of a test, in order, and what was disposed of. */
export class Made {
  readonly instances: Instance[] = [];
  readonly disposed: Instance[] = [];

  /** A class whose instances are noted. */
  readonly Noted: new () => Instance;

  constructor() {
    const { instances, disposed } = this;
    this.Noted = class implements Instance {
      readonly identity = {};
      readonly unit = currentUnit()?.id;
      constructor() {
        instances.push(this);
      }
      [Symbol.dispose](): void {
        disposed.push(this);
      }
    };
  }

  /** The names of the classes of what has been made. */
  get names(): string[] {
    return namesOf(this.instances);
  }

  clear(): void {
    this.instances.length = 0;
    this.disposed.length = 0;
  }
}

export function namesOf(instances: readonly Instance[]): string[] {
  return instances.map((instance) => instance.constructor.name);
}

export interface Instance extends Disposable {
  /** Of this instance alone, whatever it is read through. */
  readonly identity: object;
  readonly unit: string | undefined;
}
