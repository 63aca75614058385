// Everything that the entries of this package take from the container, by name, without tsyringe. Only `internal.ts`
// imports it, and puts the first copy of it in the process in the place of its own.

export { ContextScoped, extendsContextScoped, isContextScoped } from './context-scoped.decorator.js';
export { path } from './errors.js';
export { findCycle } from './find-cycle.js';
export { Scoped } from './scoped.js';
export { scopedOf, standInFor } from './stand-in.js';
