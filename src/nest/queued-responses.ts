import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const queued = new WeakMap<Socket, Map<ServerResponse, () => void>>();

/**
 * Calls `lost` when the connection closes while `response` still waits for its turn on it. Node emits no
 * `close` on the response of a pipelined request that was never given the socket.
 * Returns what stops the watch.
 */
export function watchQueued(socket: Socket, response: ServerResponse, lost: () => void): () => void {
  let waiting = queued.get(socket);
  if (waiting === undefined) {
    waiting = new Map();
    queued.set(socket, waiting);
    // One listener per connection, however deep the client pipelines.
    socket.once('close', () => closeAll(socket));
  }
  const responses = waiting.set(response, lost);
  return () => void responses.delete(response);
}

function closeAll(socket: Socket): void {
  for (const [response, lost] of queued.get(socket) ?? []) {
    // One that has the socket by now is closed by Node, one that is finished has been.
    if (response.socket === null && !response.writableFinished) lost();
  }
  queued.delete(socket);
}
