/** What is used of axios's configuration of a request. */
export interface AxiosRequest {
  headers: object;
  url?: string | undefined;
  baseURL?: string | undefined;
  allowAbsoluteUrls?: boolean | undefined;
  socketPath?: string | null | undefined;
  transport?: unknown;
  proxy?: unknown;
  adapter?: unknown;
  transformRequest?: unknown;
  beforeRedirect?: unknown;
}

const ABSOLUTE = /^([a-z][a-z\d+\-.]*:)?\/\//i;

/**
 * The URLs that a request of axios may go to, of which all have to be allowed: one, but for an absolute `url` where
 * those are not allowed, because axios before 1.8 does not know that option.
 */
export function axiosTargets({ baseURL, url, allowAbsoluteUrls }: AxiosRequest): readonly string[] {
  const asked = String(url ?? '');
  if (!baseURL) return [asked];
  const combined = asked === '' ? baseURL : `${baseURL.replace(/\/+$/, '')}/${asked.replace(/^\/+/, '')}`;
  if (!ABSOLUTE.test(asked)) return [combined];
  return allowAbsoluteUrls === false ? [combined, asked] : [asked];
}

/** axios sends requests to these where `proxy` is not false; for which hosts it does not is left to it. */
const PROXIES = ['http_proxy', 'https_proxy', 'all_proxy'];

/**
 * Whether axios itself sends the request by Node's http module, and follows redirects as it always does there. Not where
 * there may be a proxy, which reads what it is sent.
 */
export function sentByNode({ adapter, transport, socketPath, proxy }: AxiosRequest): boolean {
  if (transport || socketPath) return false;
  if (
    proxy !== false &&
    (proxy || PROXIES.some((name) => process.env[name] || process.env[name.toUpperCase()]))
  )
    return false;
  const adapters = adapter ? [adapter].flat() : ['xhr', 'http'];
  const chosen = adapters.find((one) => one && (one !== 'xhr' || 'XMLHttpRequest' in globalThis));
  return chosen === 'http' || (chosen as { readonly adapterName?: unknown })?.adapterName === 'http';
}
