// What the entry "./container" takes from the files that need tsyringe; `index.ts` puts the first copy in the process in
// its place.

export { putStandInsInto } from './tsyringe-construct.js';
export { contextScopedFactory } from './tsyringe-factory.js';
export { loadScoped } from './tsyringe-load-scoped.js';
