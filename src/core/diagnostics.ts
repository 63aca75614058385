import { channel } from 'node:diagnostics_channel';
import type { Bindable } from './slot.js';
import type { UnitOfWork } from './unit.js';

/** Published when a unit of work begins and when it has ended. `durationMs` only at the end. */
export interface UnitMessage {
  readonly unit: UnitOfWork;
  readonly durationMs?: number;
}

/** One binding of a temporary scope; `value` is left out where the variable is secret. */
export interface BindingMessage {
  readonly name: string;
  readonly value?: unknown;
}

/** Published when a temporary scope begins and ends: who (the unit), where (the method, if known), what. */
export interface ScopeMessage {
  readonly unit: UnitOfWork;
  /** The same in both messages of a scope, and no other scope's in this process. */
  readonly id: number;
  /** The `id` of the nearest scope around it that is open, if any. */
  readonly parent: number | undefined;
  readonly name: string | undefined;
  readonly bindings: readonly BindingMessage[];
}

/** Published when a task or a background call begins, is aborted and settles. `error` only when it failed. */
export interface TaskMessage {
  readonly unit: UnitOfWork;
  readonly name: string | undefined;
  readonly parent: UnitOfWork | undefined;
  readonly error?: unknown;
}

/** Published when a context-scoped instance has been made and when it has been disposed of. `error` only when that failed. */
export interface InstanceMessage {
  readonly unit: UnitOfWork;
  /** The class or the token. */
  readonly name: string;
  readonly error?: unknown;
}

/** Node's diagnostics channels of this library. Nothing is put together for one that nobody listens to. */
export const channels = {
  unitStart: channel('nestjs-contextvars:unit:start'),
  unitEnd: channel('nestjs-contextvars:unit:end'),
  scopeStart: channel('nestjs-contextvars:scope:start'),
  scopeEnd: channel('nestjs-contextvars:scope:end'),
  taskStart: channel('nestjs-contextvars:task:start'),
  taskAbort: channel('nestjs-contextvars:task:abort'),
  taskEnd: channel('nestjs-contextvars:task:end'),
  instanceStart: channel('nestjs-contextvars:instance:start'),
  instanceEnd: channel('nestjs-contextvars:instance:end'),
} as const;

export function bindingMessage(variable: Bindable, value: unknown): BindingMessage {
  return variable.secret ? { name: variable.name } : { name: variable.name, value };
}
