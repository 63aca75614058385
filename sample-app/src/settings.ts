import { type AdapterName, httpAdapters } from './http-adapters.js';

export interface Settings {
  readonly adapter: AdapterName;
  readonly port: number;
  readonly host: string;
  /** Where jobs wait for a worker. Without it there are no invoices. */
  readonly queueUrl: string | undefined;
  readonly logFormat: LogFormat;
}

export type LogFormat = 'pretty' | 'json';

/**
 * From `ADAPTER` (default express), `PORT` (3000; 0 takes any free one), `HOST` (127.0.0.1), `QUEUE_URL` (redis:// or
 * postgres://; none) and `LOG_FORMAT` (pretty or json; pretty).
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { ADAPTER, PORT, HOST, QUEUE_URL } = env;
  const adapter = ADAPTER || 'express';
  const port = Number(PORT || 3000);
  if (!isAdapter(adapter)) {
    throw new Error(`ADAPTER is '${adapter}'; it can be ${Object.keys(httpAdapters).join(' or ')}`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`PORT is '${PORT}'; it can be a number from 0 to 65535`);
  }
  if (QUEUE_URL && !/^(rediss?|postgres(ql)?):/.test(QUEUE_URL)) {
    throw new Error(`QUEUE_URL is '${QUEUE_URL}'; it can begin with redis:// or postgres://`);
  }
  return {
    adapter,
    port,
    host: HOST || '127.0.0.1',
    queueUrl: QUEUE_URL || undefined,
    logFormat: readLogFormat(env),
  };
}

export function readLogFormat({ LOG_FORMAT }: NodeJS.ProcessEnv): LogFormat {
  const format = LOG_FORMAT || 'pretty';
  if (format === 'pretty' || format === 'json') return format;
  throw new Error(`LOG_FORMAT is '${format}'; it can be pretty or json`);
}

function isAdapter(name: string): name is AdapterName {
  return Object.hasOwn(httpAdapters, name);
}
