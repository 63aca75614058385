// What the root entry takes from this room; `index.ts` puts the first copy in the process in its place.

export { ContextModule } from './context.module.js';
export { FromContext } from './from-context.decorator.js';
export { LoadScoped } from './load-scoped.decorator.js';
export { ContextLogger } from './logging/context-logger.js';
export { Populate } from './populate.decorator.js';
export { RequestContext } from './request-context.js';
export { scopedProvider } from './scoped-provider.js';
