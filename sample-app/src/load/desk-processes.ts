import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The application in a process of its own, and a worker beside it where the jobs are a worker's. */
export class DeskProcesses {
  private constructor(
    readonly url: string,
    private readonly children: readonly ChildProcess[],
  ) {}

  static async start(env: NodeJS.ProcessEnv, withWorker: boolean): Promise<DeskProcesses> {
    const application = await started('main.js', { ...env, PORT: '0' });
    const url = /http:\/\/\S+/.exec(application.line)?.[0];
    if (url === undefined) throw new Error(`The order desk did not start: ${application.line}`);
    const worker = withWorker ? await started('worker.js', env) : undefined;
    const children = [application.child, worker?.child].filter((child) => child !== undefined);
    return new DeskProcesses(url, children);
  }

  /** As a process manager would, the application first. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    for (const child of this.children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
  }
}

async function started(
  script: string,
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; line: string }> {
  const file = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => [`it ended with ${code}`]),
  ])) as [string];
  // The rest of its log is nobody's, and must not fill the pipe.
  lines.close();
  child.stdout.resume();
  return { child, line };
}
