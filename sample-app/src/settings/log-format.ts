export type LogFormat = 'pretty' | 'json';

export function readLogFormat({ LOG_FORMAT }: NodeJS.ProcessEnv): LogFormat {
  const format = LOG_FORMAT || 'pretty';
  if (format === 'pretty' || format === 'json') return format;
  throw new Error(`LOG_FORMAT is '${format}'; it can be pretty or json`);
}
