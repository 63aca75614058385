import type { IncomingMessage, ServerResponse } from 'node:http';

/** Node's own request: Fastify wraps it, Express extends it. */
export function rawRequest(request: object): IncomingMessage {
  return (request as { readonly raw?: IncomingMessage }).raw ?? (request as IncomingMessage);
}

/** Node's own response, which the framework leaves alone from now on. So do interceptors, which would change or wrap what it says. */
export function takeResponse(response: object): ServerResponse {
  const { raw, hijack } = response as { readonly raw?: ServerResponse; hijack?(): void };
  if (raw === undefined || hijack === undefined) return response as ServerResponse;
  hijack.call(response);
  return raw;
}

/** The page loads what is its own and talks to its own application; nothing may be put into it, nor it into anything. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  // Not to be compressed by anything on the way, which would hold events back.
  'cache-control': 'no-store, no-transform',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
} as const;

export function writeHead(response: ServerResponse, type: string, more: Record<string, string> = {}): void {
  // What the application allows other origins is not for this page.
  for (const name of response.getHeaderNames())
    if (name.startsWith('access-control-')) response.removeHeader(name);
  response.writeHead(200, { 'content-type': type, ...HEADERS, ...more });
}
