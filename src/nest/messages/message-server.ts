/** What a transport calls for a message: guards, pipes, interceptors, the handler and filters, which Nest runs as one. */
export type MessageHandler = (...args: unknown[]) => unknown;

/** What the servers of all transports have in common; structural, so that nothing here loads `@nestjs/microservices`. */
export interface MessageServer {
  /** A number for the transports of Nest; strategies of others have a symbol, or none. */
  readonly transportId?: number | symbol;
  /** RabbitMQ: whether messages count as taken when they are delivered. */
  readonly noAck?: boolean;
  addHandler(pattern: unknown, handler: MessageHandler, isEvent?: boolean, extras?: unknown): void;
  listen(...args: unknown[]): unknown;
}

export function isMessageServer(target: unknown): target is MessageServer {
  const { addHandler, listen } = (target ?? {}) as Partial<MessageServer>;
  return typeof addHandler === 'function' && typeof listen === 'function';
}

/** The transports of Nest, by the number that it gives them. */
const TRANSPORTS = ['tcp', 'redis', 'nats', 'mqtt', 'grpc', 'rabbitmq', 'kafka'] as const;

/** By what a message came; `custom` for a strategy that is none of Nest's. */
export type MessageTransport = (typeof TRANSPORTS)[number] | 'custom';

export function transportOf({ transportId }: MessageServer): MessageTransport {
  return (typeof transportId === 'number' && TRANSPORTS[transportId]) || 'custom';
}
