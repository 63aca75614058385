import { type MessageServer, type MessageTransport, transportOf } from './message-server.js';

/** A message of a microservice, before its guards and its handler. */
export interface InboundMessage {
  readonly transport: MessageTransport;
  /** What the handler is registered for: of `@MessagePattern`, `@EventPattern`, `@GrpcMethod`. */
  readonly pattern: unknown;
  /** Whether nobody waits for an answer. */
  readonly isEvent: boolean;
  /** The payload; undefined where the handler takes the whole call (`@GrpcStreamCall`). */
  readonly data: unknown;
  /** What Nest gives to handlers by `@Ctx()`: `TcpContext`, `NatsContext` ...; for gRPC, the call. */
  readonly context: unknown;
  /**
   * The header of that name, wherever the transport has headers: metadata of TCP, Redis and gRPC, user properties of
   * MQTT. Names are lower case. Undefined where there is none, and where it was sent twice or is not a text.
   */
  header(name: string): string | undefined;
}

/** What a transport has called a handler with, and how that was registered. */
export interface Arrival {
  readonly server: MessageServer;
  readonly pattern: unknown;
  readonly isEvent: boolean;
  readonly args: readonly unknown[];
}

export class ArrivedMessage implements InboundMessage {
  readonly pattern: unknown;
  readonly isEvent: boolean;
  readonly transport: MessageTransport;
  readonly data: unknown;
  readonly context: unknown;
  /** Whether the handler takes the whole gRPC call, and answers by it. */
  readonly takesCall: boolean;
  /** What the transport has called the handler with. */
  readonly args: readonly unknown[];

  constructor({ server, pattern, isEvent, args }: Arrival) {
    this.pattern = pattern;
    this.isEvent = isEvent;
    this.args = args;
    this.transport = transportOf(server);
    const isCall = this.transport === 'grpc';
    // gRPC gives the request, its metadata and the call; to those that take the call, that and a callback, or that alone.
    this.takesCall = isCall && args.length < 3;
    this.data = this.takesCall ? undefined : args[0];
    this.context = isCall ? args[this.takesCall ? 0 : 2] : args[1];
  }

  header(name: string): string | undefined {
    const value = this.rawHeader(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** Whatever stands under `name`: a text, nothing, or what no header of ours can be. */
  rawHeader(name: string): unknown {
    const context = (this.context ?? {}) as Partial<AnyContext>;
    if (this.transport === 'grpc') return only(context.metadata?.get(name));
    if (typeof context.getMetadata === 'function') return own(context.getMetadata(), name);
    if (typeof context.getHeaders === 'function') return only(context.getHeaders()?.values(name));
    if (typeof context.getPacket === 'function')
      return own(context.getPacket()?.properties?.userProperties, name);
    if (typeof context.getMessage === 'function') {
      const message = context.getMessage();
      if (this.transport === 'kafka') return unparsed(own(message?.headers, name));
      return own(message?.properties?.headers ?? message?.headers, name);
    }
    return undefined;
  }
}

/** The contexts of Nest's transports, by what they have their headers in; strategies of others may look the same. */
interface AnyContext {
  /** TCP and Redis, with Nest 12. */
  getMetadata(): unknown;
  /** NATS. */
  getHeaders(): { values(name: string): readonly unknown[] } | undefined;
  /** MQTT. */
  getPacket(): { properties?: { userProperties?: unknown } } | undefined;
  /** RabbitMQ and Kafka. */
  getMessage(): { properties?: { headers?: unknown }; headers?: unknown } | undefined;
  /** The call of gRPC. */
  metadata: { get(name: string): readonly unknown[] };
}

function own(headers: unknown, name: string): unknown {
  if (typeof headers !== 'object' || headers === null || !Object.hasOwn(headers, name)) return undefined;
  return (headers as Record<string, unknown>)[name];
}

/** One that was sent twice is not a text. */
function only(values: readonly unknown[] | undefined): unknown {
  return values === undefined || values.length < 2 ? values?.[0] : values;
}

const OTHERS = /[\x7f-\uffff]/g;

/** Nest parses the headers of Kafka that look like JSON, as a carrier does: in printable ASCII, as it was written. */
function unparsed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  try {
    return JSON.stringify(value).replace(OTHERS, escapeUnit);
  } catch {
    // Nested too deep; no text, and refused.
    return value;
  }
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
