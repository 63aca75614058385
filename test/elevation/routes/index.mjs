// The ways by which work can get at what a call was given: `begin` runs inside the call, `prepare` before it, outside. What
// has `calls` gives a function that runs another one in the context that is meant, and may be called from where it says;
// everything else visits by itself, again and again. `isSlow` are those that cannot read in the microtask of the end.

import { apart } from './apart.mjs';
import { beside } from './beside.mjs';
import { captured, carried } from './captured.mjs';
import { inside } from './inside.mjs';
import { left } from './left.mjs';

export const routes = [...inside, ...beside, ...left, ...captured, ...carried, ...apart];
