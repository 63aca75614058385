export { grpcContextInterceptor } from './grpc-interceptor.js';
export { type Propagating, propagateContext } from './propagate-context.js';
export type { PropagateOptions } from './propagate-options.js';
