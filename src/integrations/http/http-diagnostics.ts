import { channel } from 'node:diagnostics_channel';
import type { UnitOfWork } from '../../core/index.js';
import type { BaggageRefusal } from './baggage.js';

/** Published on `nestjs-contextvars:http:refused` when the `baggage` of a trusted peer is refused. Never its content. */
export interface BaggageRefusedMessage {
  readonly unit: UnitOfWork | undefined;
  readonly reason: BaggageRefusal;
}

/** Published on `nestjs-contextvars:http:left-out` when an outgoing request goes out without the variables. */
export interface BaggageLeftOutMessage {
  readonly unit: UnitOfWork | undefined;
  /** Why; a `ContextError` of this library names the variable, never its value. */
  readonly error: unknown;
}

export const httpChannels = {
  refused: channel('nestjs-contextvars:http:refused'),
  leftOut: channel('nestjs-contextvars:http:left-out'),
} as const;
