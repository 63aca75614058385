import * as own from './implementation.js';
import { firstLoaded } from './shared.js';

/** The implementation that this process uses: of the first copy of the library that was loaded. */
export const loaded: typeof own = firstLoaded('core', () => own);
