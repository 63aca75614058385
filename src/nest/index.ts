import { firstLoaded } from '../core/internal.js';
import * as own from './implementation.js';

const loaded: typeof own = firstLoaded('nest', () => own);

export const ContextModule: typeof own.ContextModule = loaded.ContextModule;
export type ContextModule = own.ContextModule;
export const RequestContext: typeof own.RequestContext = loaded.RequestContext;
export type RequestContext = own.RequestContext;

export type { ContextModuleExtras, ContextModuleOptions, ContextSetup } from './context-module.options.js';
export type { AcceptId, CorrelationIdOptions, RequestIdOptions } from './request-ids.js';
