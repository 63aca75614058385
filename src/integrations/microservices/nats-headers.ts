import { CARRIER_KEY } from '../../core/internal.js';
import type { HeaderPlace } from './client-packets.js';

/** The headers of the NATS client. */
interface NatsHeaders extends Iterable<[string, string[]]> {
  has(name: string): boolean;
  append(name: string, value: string): void;
}

/** The protected part of ClientNats that knows the NATS client, which is another package in Nest 11 and in 12. */
export interface NatsClient {
  mergeHeaders(this: { options: { headers: object } }, headers: undefined): NatsHeaders;
}

/** NATS. Never in the headers that the sender gave: those may be of several messages. */
export function inNatsHeaders({ mergeHeaders }: NatsClient): HeaderPlace {
  return {
    after(serialized, carrier) {
      const message = serialized as { headers?: NatsHeaders };
      if (carrier === undefined && !message.headers?.has(CARRIER_KEY)) return message;
      const own = carrier === undefined ? {} : { [CARRIER_KEY]: carrier };
      const headers = mergeHeaders.call({ options: { headers: own } }, undefined);
      for (const [name, values] of message.headers ?? []) {
        if (name !== CARRIER_KEY) for (const value of values) headers.append(name, value);
      }
      return { ...message, headers };
    },
  };
}
