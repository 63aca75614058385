// The one file that loads tsyringe, which throws where there is no reflect polyfill before it.
import 'reflect-metadata';
import { container, injectable, Lifecycle } from 'tsyringe';

export interface Tsyringe {
  readonly container: typeof container;
  readonly injectable: typeof injectable;
  readonly Lifecycle: typeof Lifecycle;
}

export const tsyringe: Tsyringe = { container, injectable, Lifecycle };
