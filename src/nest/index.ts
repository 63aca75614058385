import { firstLoaded } from '../core/internal.js';
import * as own from './implementation.js';

const loaded: typeof own = firstLoaded('nest', () => own);

export const ContextLogger: typeof own.ContextLogger = loaded.ContextLogger;
export type ContextLogger = own.ContextLogger;
export const ContextModule: typeof own.ContextModule = loaded.ContextModule;
export type ContextModule = own.ContextModule;
export const FromContext: typeof own.FromContext = loaded.FromContext;
export const LoadScoped: typeof own.LoadScoped = loaded.LoadScoped;
export const Populate: typeof own.Populate = loaded.Populate;
export const RequestContext: typeof own.RequestContext = loaded.RequestContext;
export type RequestContext = own.RequestContext;
export const scopedProvider: typeof own.scopedProvider = loaded.scopedProvider;

export type { ContextModuleAsyncOptions } from './context.module.js';
export type { ContextFeatureOptions } from './context-feature.module.js';
export type {
  ContextEnd,
  ContextModuleExtras,
  ContextModuleOptions,
  ContextOptionsFactory,
  ContextSetup,
  RequestEnd,
} from './context-module.options.js';
export type { ExcludedRoute } from './excluded-routes.js';
export type { FromContextOptions } from './from-context.decorator.js';
export type { ContextLoggerOptions } from './logging/context-logger.options.js';
export type { ModuleLogOptions } from './logging/log.options.js';
export type { LogLineMessage } from './logging/log-diagnostics.js';
export type { RequestLogFields, RequestLogLevel, RequestLogOptions } from './logging/request-log.options.js';
export type { InboundMessage } from './messages/inbound-message.js';
export type { MessageOptions, MessageSetup } from './messages/message.options.js';
export type { MessageTransport } from './messages/message-server.js';
export type { ContextPopulator, PopulateFunction, Populator } from './populator.js';
export type { RequestEndMessage, RequestStartMessage } from './request-diagnostics.js';
export type { AcceptId, CorrelationIdOptions, RequestIdOptions } from './request-ids.js';
export type { ScopedClass, ScopedDeclaration, ScopedFactory } from './scoped-provider.js';
