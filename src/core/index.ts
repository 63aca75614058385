import type * as own from './implementation.js';
import { loaded } from './loaded.js';

export const activeTasks: typeof own.activeTasks = loaded.activeTasks;
export const AsUnitOfWork: typeof own.AsUnitOfWork = loaded.AsUnitOfWork;
export const bindContext: typeof own.bindContext = loaded.bindContext;
export const bindEmitter: typeof own.bindEmitter = loaded.bindEmitter;
export const bindIterable: typeof own.bindIterable = loaded.bindIterable;
export const bindLogContext: typeof own.bindLogContext = loaded.bindLogContext;
export const bindObservable: typeof own.bindObservable = loaded.bindObservable;
export const clearLogContext: typeof own.clearLogContext = loaded.clearLogContext;
export const codecs: typeof own.codecs = loaded.codecs;
export const Context: typeof own.Context = loaded.Context;
export type Context = own.Context;
export const ContextError: typeof own.ContextError = loaded.ContextError;
export type ContextError = own.ContextError;
export const ContextVar: typeof own.ContextVar = loaded.ContextVar;
export type ContextVar<T> = own.ContextVar<T>;
export const copyContext: typeof own.copyContext = loaded.copyContext;
export const createTask: typeof own.createTask = loaded.createTask;
export const currentCorrelationId: typeof own.currentCorrelationId = loaded.currentCorrelationId;
export const currentRequestId: typeof own.currentRequestId = loaded.currentRequestId;
export const currentUnit: typeof own.currentUnit = loaded.currentUnit;
export const extractContext: typeof own.extractContext = loaded.extractContext;
export const gather: typeof own.gather = loaded.gather;
export const getLogContext: typeof own.getLogContext = loaded.getLogContext;
export const injectContext: typeof own.injectContext = loaded.injectContext;
export const LogToken: typeof own.LogToken = loaded.LogToken;
export type LogToken = own.LogToken;
export const logFields: typeof own.logFields = loaded.logFields;
export const onTask: typeof own.onTask = loaded.onTask;
export const PreserveContext: typeof own.PreserveContext = loaded.PreserveContext;
export const preserveContext: typeof own.preserveContext = loaded.preserveContext;
export const registerForeignContext: typeof own.registerForeignContext = loaded.registerForeignContext;
export const registerLogFields: typeof own.registerLogFields = loaded.registerLogFields;
export const resetLogContext: typeof own.resetLogContext = loaded.resetLogContext;
export const runUnitOfWork: typeof own.runUnitOfWork = loaded.runUnitOfWork;
export const ScopedValue: typeof own.ScopedValue = loaded.ScopedValue;
export type ScopedValue<T> = own.ScopedValue<T>;
export const Token: typeof own.Token = loaded.Token;
export type Token<T> = own.Token<T>;
export const unbindLogContext: typeof own.unbindLogContext = loaded.unbindLogContext;
export const WithTempContext: typeof own.WithTempContext = loaded.WithTempContext;
export const withLogContext: typeof own.withLogContext = loaded.withLogContext;
export const withTempContext: typeof own.withTempContext = loaded.withTempContext;

export type { Binding } from './binding.js';
export type { ExtractOptions, InjectOptions } from './carrier.js';
export type { CarrierKey, CarrierSignOptions, CarrierVerifyOptions } from './carrier-signature.js';
export type { Codec } from './codec.js';
export type { ContextErrorCode } from './context-error.js';
export type { ContextVarOptions } from './context-var.js';
export type { TaskOptions } from './create-task.js';
export type {
  BindingMessage,
  InstanceMessage,
  ScopeMessage,
  TaskMessage,
  UnitMessage,
} from './diagnostics.js';
export type { ForeignContext } from './foreign-states.js';
export type { Gathered } from './gather.js';
export type { LogOptions } from './log-declared.js';
export type { LogFieldSource } from './log-sources.js';
export type { LogValue } from './log-value.js';
export type { PreserveOptions } from './preserve-context.js';
export type { AsUnitOfWorkOptions, UnitOptions } from './run-unit-of-work.js';
export type { ScopedValueOptions } from './scoped-value.js';
export type { StandardSchema } from './standard-schema.js';
export type { TaskState, TaskStatus } from './tasks.js';
export type { UnitOfWork } from './unit.js';
