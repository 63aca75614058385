import { type AdapterName, httpAdapters } from '../http-adapters.js';
import { type DatabaseSettings, readDatabaseSettings } from './database.settings.js';
import { type IdentitySettings, readIdentitySettings } from './identity.settings.js';
import { type InspectorSettings, readInspectorSettings } from './inspector.settings.js';
import { type JobSettings, readJobSettings } from './job.settings.js';
import { type LogFormat, readLogFormat } from './log-format.js';

export interface Settings {
  readonly adapter: AdapterName;
  readonly port: number;
  readonly host: string;
  readonly logFormat: LogFormat;
  readonly database: DatabaseSettings;
  readonly jobs: JobSettings;
  readonly identity: IdentitySettings;
  readonly inspector: InspectorSettings;
}

/**
 * From `ADAPTER` (default express), `PORT` (3000; 0 takes any free one), `HOST` (127.0.0.1), `LOG_FORMAT` (pretty or json;
 * pretty), and what the settings of the database, the jobs, the identity and the inspector are from.
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { ADAPTER, PORT, HOST } = env;
  const adapter = ADAPTER || 'express';
  const port = Number(PORT || 3000);
  if (!isAdapter(adapter)) {
    throw new Error(`ADAPTER is '${adapter}'; it can be ${Object.keys(httpAdapters).join(' or ')}`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`PORT is '${PORT}'; it can be a number from 0 to 65535`);
  }
  return {
    adapter,
    port,
    host: HOST || '127.0.0.1',
    logFormat: readLogFormat(env),
    database: readDatabaseSettings(env),
    jobs: readJobSettings(env),
    identity: readIdentitySettings(env),
    inspector: readInspectorSettings(env),
  };
}

function isAdapter(name: string): name is AdapterName {
  return Object.hasOwn(httpAdapters, name);
}
