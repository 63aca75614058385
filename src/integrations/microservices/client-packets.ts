import { Observable } from 'rxjs';
import { ContextVar } from '../../core/index.js';
import { firstLoaded, outsideAny } from '../../core/internal.js';
import { currentCarrier, resumeHere, withCarrier } from './outgoing-context.js';
import type { PropagateOptions } from './propagate-options.js';

/** What a client hands to its transport. */
interface Packet {
  readonly pattern: unknown;
  readonly data: unknown;
  /** What Nest 12 gives to handlers of TCP and Redis by `getMetadata()`. */
  readonly metadata?: unknown;
}

type Reply = (packet: unknown) => unknown;
type Carrier = string | undefined;

interface Serializer {
  serialize(value: unknown, options?: unknown): unknown;
  /** NATS. */
  init?(): unknown;
}

/** The protected parts of a ClientProxy that every transport has, in Nest 11 and 12. */
export interface PacketClient {
  publish(packet: Packet, reply: Reply): () => void;
  dispatchEvent(packet: Packet): Promise<unknown>;
  connect(): Promise<unknown>;
  send(pattern: unknown, data: unknown): Observable<unknown>;
  emit(pattern: unknown, data: unknown): Observable<unknown>;
  serializer: Serializer;
}

/** Where a transport has its headers: in what is to be serialized, or in what has been. */
export interface HeaderPlace {
  before?(packet: Packet, carrier: Carrier): Packet;
  after?(serialized: unknown, carrier: Carrier): unknown;
}

interface Sent {
  readonly client: PacketClient;
  /** Throws where it could not be written: that is for Nest to hear when it sends. */
  readonly carrier: () => Carrier;
}

/** What the message that is on its way carries: Nest connects first, and its sender may have gone on by then. */
const sent = firstLoaded('microservices.sent', () => new ContextVar<Sent>('microservices.sent'));

/** Makes each request and event take the context of its sender along, and what comes back run in that. */
export function propagateByPackets(
  client: PacketClient,
  place: HeaderPlace,
  options: PropagateOptions,
): void {
  const { publish, dispatchEvent, connect, send, emit, serializer } = client;
  const { before = (packet) => packet, after = (serialized) => serialized } = place;
  const carrierOf = (): Carrier => {
    const message = sent.get(undefined);
    return message?.client === client ? message.carrier() : currentCarrier(options);
  };
  const sending = <R>(fn: () => R): R => sent.run({ client, carrier: taken(options) }, fn);
  client.emit = (...message) => sending(() => emit.apply(client, message));
  // A request is sent when its answer is subscribed to.
  client.send = (...message) =>
    new Observable((subscriber) => sending(() => send.apply(client, message).subscribe(subscriber)));
  // MQTT serializes a request when its client calls back, and it is not for that to say in whose context.
  const carriers = new WeakMap<object, { readonly carrier: Carrier }>();
  client.publish = (packet, reply) => {
    const carrier = carrierOf();
    const carrying = before(packet, carrier);
    carriers.set(carrying, { carrier });
    const here = resumeHere();
    return publish.call(client, carrying, (answer) => here(() => reply(answer)));
  };
  client.dispatchEvent = async (packet) => dispatchEvent.call(client, before(packet, carrierOf()));
  client.serializer = {
    init: () => serializer.init?.(),
    serialize(value, ...rest) {
      const { carrier } = carriers.get(value as object) ?? { carrier: carrierOf() };
      const serialized = serializer.serialize(value, ...rest);
      return serialized instanceof Promise
        ? serialized.then((done: unknown) => after(done, carrier))
        : after(serialized, carrier);
    },
  };
  // The connection would keep the context of whoever needs it first, and run everybody's listeners in it.
  client.connect = () => outsideAny(() => connect.call(client));
}

function taken(options: PropagateOptions): () => Carrier {
  try {
    const carrier = currentCarrier(options);
    return () => carrier;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** TCP, Redis and transports of others: Nest 12 gives `metadata` of the packet to the handler. */
export const inMetadata: HeaderPlace = {
  before(packet, carrier) {
    const metadata = withCarrier(packet.metadata, carrier);
    return metadata === packet.metadata ? packet : { ...packet, metadata };
  },
};

/** Kafka. */
export const inHeaders: HeaderPlace = {
  after(serialized, carrier) {
    const message = serialized as { headers?: unknown };
    const headers = withCarrier(message.headers, carrier);
    return headers === message.headers ? message : { ...message, headers };
  },
};

/** RabbitMQ. */
export const inPublishOptions: HeaderPlace = {
  after(serialized, carrier) {
    const message = serialized as { options?: { headers?: unknown } };
    const headers = withCarrier(message.options?.headers, carrier);
    if (headers === message.options?.headers) return message;
    return { ...message, options: { ...message.options, headers } };
  },
};
