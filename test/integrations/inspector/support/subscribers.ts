import { channel } from 'node:diagnostics_channel';

const names = [
  ...['unit:start', 'unit:end', 'request:start', 'request:end', 'scope:start', 'scope:end', 'task:start'],
  ...['task:abort', 'task:end', 'instance:start', 'instance:end', 'log:line'],
];

/** The channels of the library that somebody listens to. */
export function listenedTo(): string[] {
  return names.filter((name) => channel(`nestjs-contextvars:${name}`).hasSubscribers);
}
