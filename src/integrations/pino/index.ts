export type { ContextMixinOptions, PinoMixin } from './context-mixin.js';
export { contextMixin } from './context-mixin.js';
export { contextPinoHttp } from './context-pino-http.js';
export type { PinoHttpOptions } from './pino-http.options.js';
export type { PinoHooks } from './safe-hooks.js';
export { safeHooks } from './safe-hooks.js';
