/** What is used of autocannon, which brings no types. */
declare module 'autocannon' {
  export interface CannonRequest {
    method?: string;
    path?: string;
    headers?: Record<string, string>;
    body?: string;
  }

  export interface CannonOptions<Context> {
    readonly url: string;
    readonly connections: number;
    readonly amount: number;
    /** Seconds. */
    readonly timeout?: number;
    readonly requests: readonly {
      setupRequest(request: CannonRequest, context: Context): CannonRequest;
      onResponse(status: number, body: string, context: Context, headers: Record<string, string>): void;
    }[];
  }

  export interface CannonResult {
    /** Seconds. */
    readonly duration: number;
    readonly errors: number;
    readonly timeouts: number;
    /** ms. */
    readonly latency: Readonly<Record<'p50' | 'p90' | 'p99' | 'max', number>>;
  }

  export default function autocannon<Context>(options: CannonOptions<Context>): Promise<CannonResult>;
}
