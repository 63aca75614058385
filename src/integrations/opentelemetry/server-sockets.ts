import { subscribe } from 'node:diagnostics_channel';
import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';

/** Contexts that servers were started in: all that arrives on a socket of theirs is handled in them. */
const ofServers = new WeakSet<Context>();

let isWatching = false;

/** Notes what is active where a connection arrives, before anybody has opened anything for a request on it. */
export function watchServers(): void {
  if (isWatching) return;
  isWatching = true;
  subscribe('net.server.socket', () => {
    const active = context.active();
    if (active !== ROOT_CONTEXT) ofServers.add(active);
  });
}

export function isOfServer(active: Context): boolean {
  return ofServers.has(active);
}
