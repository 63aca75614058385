import { wrongArgument } from '../../core/internal.js';

/** Whether a URL is of one of the origins: the same scheme, host and port. What is no absolute URL is not. */
export type OriginCheck = (url: string | URL) => boolean;

// The URL of a blob has the origin of whoever made it.
const HTTP = /^https?:$/;

/**
 * A check for exactly these origins. Case, default ports and international names are what `URL` makes of them.
 *
 * @throws TypeError where one is no origin of HTTP: has a path, a query, a fragment, credentials or a `*`.
 */
export function originCheck(where: string, origins: unknown): OriginCheck {
  if (!Array.isArray(origins)) throw wrongArgument(where, 'an array of origins', origins);
  const listed = new Set(origins.map((origin: unknown) => requireOrigin(where, origin)));
  return (url) => {
    const origin = originOf(url);
    return origin !== undefined && listed.has(origin);
  };
}

function originOf(url: string | URL): string | undefined {
  try {
    const { protocol, origin } = new URL(url);
    return HTTP.test(protocol) ? origin : undefined;
  } catch {
    return undefined;
  }
}

function requireOrigin(where: string, given: unknown): string {
  const text = given instanceof URL ? given.href : given;
  const url = typeof text === 'string' && URL.canParse(text) && new URL(text);
  // A path would look as if it narrowed the origin, and a star as if it widened it.
  if (!url || !HTTP.test(url.protocol) || url.href !== `${url.origin}/` || url.host.includes('*')) {
    throw new TypeError(
      `${where}: expected origins such as 'https://api.example.com' (http or https, no path, no wildcard)`,
    );
  }
  return url.origin;
}
