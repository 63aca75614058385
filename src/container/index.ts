import { firstLoaded } from '../core/internal.js';
import type { ContextScoped as Mark } from './context-scoped.decorator.js';
import * as internal from './internal.js';
import * as own from './tsyringe-implementation.js';
import { tsyringe } from './tsyringe-library.js';

const loaded: typeof own = firstLoaded('tsyringe', () => own);
// Each copy of this entry brings the tsyringe that it has found, which may be another one.
loaded.putStandInsInto(tsyringe);

export const ContextScoped: typeof Mark = internal.ContextScoped;
export const contextScopedFactory: typeof own.contextScopedFactory = loaded.contextScopedFactory;
export const loadScoped: typeof own.loadScoped = loaded.loadScoped;

export type { ContextScopedFactoryOptions } from './tsyringe-factory.js';
