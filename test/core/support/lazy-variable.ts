import { ContextVar } from '../../../src/core/index.js';

/** For a test that loads this file while a unit of work runs. */
export const lazy = new ContextVar<string>('lazy');
