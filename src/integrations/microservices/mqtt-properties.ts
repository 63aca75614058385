import type { HeaderPlace } from './client-packets.js';
import { withCarrier } from './outgoing-context.js';

interface PublishOptions {
  readonly properties?: { readonly userProperties?: unknown };
}

/** The protected part of ClientMqtt that makes the options of what is published, right after that was serialized. */
export interface MqttClient {
  mergePacketOptions(options: unknown): PublishOptions | undefined;
}

/** MQTT 5. Earlier versions have no properties, and the client leaves them out. */
export function inUserProperties(client: MqttClient): HeaderPlace {
  const { mergePacketOptions } = client;
  let serialized: string | undefined;
  client.mergePacketOptions = (given) => {
    const carrier = serialized;
    serialized = undefined;
    const options = mergePacketOptions.call(client, given);
    const userProperties = withCarrier(options?.properties?.userProperties, carrier);
    if (userProperties === options?.properties?.userProperties) return options;
    return { ...options, properties: { ...options?.properties, userProperties } };
  };
  return {
    after(message, carrier) {
      serialized = carrier;
      return message;
    },
  };
}
