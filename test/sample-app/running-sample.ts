import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { preparedFolder } from './prepared-folder.js';

// The engine of AsyncLocalStorage is the only thing that the sample has to have in common with these tests.
export const ENGINE_FLAGS = process.execArgv.filter((flag) => /async-context-frame/.test(flag));
const SETTINGS =
  /^(ADAPTER|PORT|HOST|LOG_FORMAT|JOBS|DEMO|NODE_ENV|NODE_OPTIONS|DATA_DIR|REDIS_URL|DATABASE_\w+|TOKEN_\w+)$/;
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SETTINGS.test(name)));

/** The environment of a process that has these settings and no others. */
export function settingsOnly(env: Environment): NodeJS.ProcessEnv {
  return { ...inherited, ...env };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string[];
  readonly stderr: string;
}

export type Environment = Record<string, string>;

/** A built script of the sample application as a process of its own. */
export class SampleProcess {
  readonly stdout: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #stderr = '';

  constructor(script: 'main.js' | 'demo.js' | 'worker.js', env: Environment) {
    const file = join(process.cwd(), 'dist-sample', script);
    if (!existsSync(file)) {
      throw new Error(`${file} is missing: run "npm run build:sample" first ("npm test" does so by itself).`);
    }
    const child = spawn(process.execPath, [...ENGINE_FLAGS, file], {
      env: settingsOnly(env),
    });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.stdout.push(line));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#ended = once(child, 'close').then(([code]) => ({
      code,
      stdout: this.stdout,
      stderr: this.#stderr,
    }));
  }

  /** The first line that it prints. */
  async firstLine(): Promise<string> {
    const ended = this.#ended.then(({ code, stderr }) => {
      throw new Error(`The sample application ended with ${code} before it said anything: ${stderr}`);
    });
    const { stdout } = this.#child;
    if (this.stdout.length === 0 && stdout) await Promise.race([once(stdout, 'data'), ended]);
    ended.catch(() => undefined);
    return this.stdout[0] ?? '';
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  ended(): Promise<Ended> {
    return this.#ended;
  }
}

export interface RunningSample {
  readonly address: string;
  readonly process: SampleProcess;
  /** Ends it as a process manager would. */
  stop(): Promise<Ended>;
}

/** Without a server in `env`, and without a folder of its own, it has an embedded database that nobody else has. */
export async function startSample(env: Environment): Promise<RunningSample> {
  const isGiven = env.DATABASE_URL !== undefined || env.DATA_DIR !== undefined;
  const folder = isGiven ? undefined : await preparedFolder();
  const sample = new SampleProcess('main.js', {
    PORT: '0',
    ...(folder !== undefined && { DATA_DIR: folder }),
    ...env,
  });
  const ended = sample.ended().finally(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  const line = await sample.firstLine();
  const address = /http:\/\/\S+/.exec(line)?.[0];
  if (address === undefined) throw new Error(`The sample application printed no address but: ${line}`);
  return {
    address,
    process: sample,
    stop: () => {
      sample.signal('SIGTERM');
      return ended;
    },
  };
}
