import { createHash } from 'node:crypto';
import {
  Context,
  type ContextModuleOptions,
  currentUnit,
  type InboundMessage,
  type RequestContext,
  runUnitOfWork,
  ScopedValue,
} from 'nestjs-contextvars';
import { propagateContext } from 'nestjs-contextvars/microservices';
import { type RunningDesk, startDesk } from '../../../nest/microservices/support/running-desk.js';
import type { TransportCase } from '../../../nest/microservices/support/transports.js';
import { plan, tenant } from '../../../nest/microservices/support/variables.js';
import { MemoryLogger } from '../../../nest/module/support/memory-logger.js';

export const role = new ScopedValue<string>('role');
export const acceptTenant = (variable: unknown): boolean => variable === tenant;
export const key = createHash('sha512').update('a key of the tests').digest();
export const keys = { k1: key };

export interface Started extends RunningDesk {
  readonly messages: InboundMessage[];
}

/** A desk that keeps the messages it gets, and its client, which propagates. */
export async function start(
  transport: TransportCase,
  messages: ContextModuleOptions['messages'] = {},
  options?: Parameters<typeof propagateContext>[1] | 'plain',
): Promise<Started & { logger: MemoryLogger }> {
  const arrived: InboundMessage[] = [];
  const logger = new MemoryLogger();
  const setup = (_: RequestContext, message: InboundMessage) => void arrived.push(message);
  const started = await startDesk(transport, { options: { logger, messages: { setup, ...messages } } });
  if (options !== 'plain') propagateContext(started.client.proxy, options);
  started.desk.answer = (_ask, context) => ({
    tenant: tenant.get('none'),
    plan: plan.get('none'),
    role: role.get('none'),
    id: context.id,
    correlationId: context.correlationId,
    unit: currentUnit()?.id,
  });
  return Object.assign(started, { messages: arrived, logger });
}

/** What a handler sees that runs for a request with these. */
export function inRequest<R>(of: string, fn: () => R): R {
  return runUnitOfWork({ kind: 'test', id: `unit-${of}` }, () => {
    tenant.set(of);
    plan.set(`plan of ${of}`);
    return role.run('admin', fn);
  });
}

export function contextOf(name: string): Context {
  const context = new Context();
  context.run(() => tenant.set(name));
  return context;
}
