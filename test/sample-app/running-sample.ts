import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

// The engine of AsyncLocalStorage is the only thing that the sample has to have in common with these tests.
const ENGINE_FLAGS = process.execArgv.filter((flag) => /async-context-frame/.test(flag));

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
    const { ADAPTER, PORT, HOST, QUEUE_URL, LOG_FORMAT, NODE_OPTIONS, ...inherited } = process.env;
    const child = spawn(process.execPath, [...ENGINE_FLAGS, file], { env: { ...inherited, ...env } });
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

export async function startSample(env: Environment): Promise<RunningSample> {
  const sample = new SampleProcess('main.js', { PORT: '0', ...env });
  const line = await sample.firstLine();
  const address = /http:\/\/\S+/.exec(line)?.[0];
  if (address === undefined) throw new Error(`The sample application printed no address but: ${line}`);
  return {
    address,
    process: sample,
    stop: () => {
      sample.signal('SIGTERM');
      return sample.ended();
    },
  };
}
