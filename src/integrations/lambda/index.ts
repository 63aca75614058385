import { firstLoaded } from '../../core/internal.js';
import * as own from './implementation.js';

const loaded: typeof own = firstLoaded('lambda', () => own);

export const appendKeys: typeof own.appendKeys = loaded.appendKeys;
export const lambdaContext: typeof own.lambdaContext = loaded.lambdaContext;
export const lambdaInvocation: typeof own.lambdaInvocation = loaded.lambdaInvocation;
export const logKeys: typeof own.logKeys = loaded.logKeys;
export const processSqsBatch: typeof own.processSqsBatch = loaded.processSqsBatch;
export const removeKeys: typeof own.removeKeys = loaded.removeKeys;
export const resetKeys: typeof own.resetKeys = loaded.resetKeys;
export const WithLambdaContext: typeof own.WithLambdaContext = loaded.WithLambdaContext;
export const withLambdaContext: typeof own.withLambdaContext = loaded.withLambdaContext;
export const withRecordContext: typeof own.withRecordContext = loaded.withRecordContext;

export type { LambdaCorrelationIdOptions } from './correlation-id.js';
export type { LambdaInvocation } from './invocation.js';
export type { LambdaFunctionContext, LambdaHandler } from './lambda-event.js';
export type { LogEvent } from './log-event.js';
export type { LogKeys } from './log-keys.js';
export type { LambdaMiddleware, LambdaMiddlewareOptions } from './middy-middleware.js';
export type { RecordContextOptions } from './record-context.js';
export type { InvocationEnd, InvocationEndHook, LambdaContextOptions } from './settings.js';
export type { SqsBatchOptions, SqsBatchRecord, SqsBatchResponse } from './sqs-batch.js';
