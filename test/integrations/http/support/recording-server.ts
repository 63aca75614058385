import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a server got it. */
export interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** How many times each header is on the wire. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface RecordingServer {
  readonly origin: string;
  readonly port: number;
  readonly seen: Seen[];
  /** What was seen of `path`. */
  at(path: string): Seen[];
  close(): Promise<void>;
}

const failedOnce = new Set<string>();

/**
 * Notes what it is asked, and answers:
 * - `/to?<url>` with a redirect there, `/307?<url>` too, with the same method and body;
 * - `/fail-once/...` with a 503 the first time;
 * - everything else with its path, after a macrotask, so that requests overlap.
 */
export async function recordingServer(): Promise<RecordingServer> {
  const seen: Seen[] = [];
  const server: Server = createServer((request, response) => {
    const { url = '', headers, rawHeaders } = request;
    const counts: Record<string, number> = {};
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = (rawHeaders[i] as string).toLowerCase();
      counts[name] = (counts[name] ?? 0) + 1;
    }
    seen.push({ path: url, headers, counts });
    request.resume();
    request.on('end', () => {
      setImmediate(() => {
        const [path = '', location] = url.split(/\?(.*)/s, 2);
        if (path === '/to' || path === '/307') {
          response.writeHead(path === '/to' ? 302 : 307, { location: location ?? '/' }).end();
        } else if (path.startsWith('/fail-once/') && !failedOnce.has(url)) {
          failedOnce.add(url);
          response.writeHead(503).end('not yet');
        } else {
          response.end(url);
        }
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    seen,
    at: (path) => seen.filter((one) => one.path === path),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
