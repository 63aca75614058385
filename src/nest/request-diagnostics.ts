import { channel } from 'node:diagnostics_channel';
import type { UnitOfWork } from '../core/index.js';
import type { RequestEnd } from './context-module.options.js';

/** Published on `nestjs-contextvars:request:start` when a request has got its unit of work, which is not entered yet. */
export interface RequestStartMessage {
  readonly unit: UnitOfWork;
  readonly method: string;
  /** As the client sent it, without the query. */
  readonly path: string;
}

/**
 * Published on `nestjs-contextvars:request:end` when a request is over, before its unit of work ends. What the handler threw
 * is known only where the module has an `onEnd` or populates.
 */
export interface RequestEndMessage extends RequestEnd {
  readonly unit: UnitOfWork;
}

export const requestChannels = {
  start: channel('nestjs-contextvars:request:start'),
  end: channel('nestjs-contextvars:request:end'),
} as const;
