import { randomUUID } from 'node:crypto';

/**
 * As much of kafkajs as Nest uses, with the topics in memory: every group gets each message of its topics once, and
 * headers arrive as bytes, as they do from a broker.
 */

interface Sent {
  readonly key?: string | null;
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
}

interface Received {
  readonly topic: string;
  readonly partition: number;
  readonly message: object;
  readonly heartbeat: () => Promise<void>;
}

type EachMessage = (received: Received) => Promise<void>;

const groups = new Map<string, { topics: string[]; eachMessage: EachMessage }>();

const bytes = (text: string | Buffer | null | undefined): Buffer | null =>
  text === null || text === undefined ? null : Buffer.from(text);

export class Kafka {
  producer(): object {
    return {
      events: { CONNECT: 'connect', DISCONNECT: 'disconnect' },
      on: () => undefined,
      connect: async () => undefined,
      disconnect: async () => undefined,
      async send({ topic, messages }: { topic: string; messages: Sent[] }): Promise<void> {
        for (const { key, value, headers = {} } of messages) {
          const names = Object.entries(headers).map(([name, text]) => [name, bytes(text)]);
          for (const { topics, eachMessage } of groups.values()) {
            if (!topics.includes(topic)) continue;
            const message = {
              key: bytes(key),
              value: bytes(value),
              headers: Object.fromEntries(names),
              offset: '0',
            };
            setImmediate(() => {
              void eachMessage({ topic, partition: 0, message, heartbeat: async () => undefined }).catch(
                () => undefined,
              );
            });
          }
        }
      },
    };
  }

  consumer({ groupId = randomUUID() }: { groupId?: string }): object {
    const topics: string[] = [];
    const listeners = new Map<string, (event: object) => void>();
    return {
      events: {
        CONNECT: 'connect',
        DISCONNECT: 'disconnect',
        REBALANCING: 'rebalancing',
        STOP: 'stop',
        CRASH: 'crash',
        GROUP_JOIN: 'groupJoin',
      },
      on: (event: string, listener: (event: object) => void) => void listeners.set(event, listener),
      connect: async () => undefined,
      disconnect: async () => void groups.delete(groupId),
      subscribe: async (subscription: { topics: string[] }) => void topics.push(...subscription.topics),
      async run({ eachMessage }: { eachMessage: EachMessage }): Promise<void> {
        groups.set(groupId, { topics, eachMessage });
        const memberAssignment = Object.fromEntries(topics.map((topic) => [topic, [0]]));
        listeners.get('groupJoin')?.({ payload: { memberAssignment } });
      },
    };
  }
}
