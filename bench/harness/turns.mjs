import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { pin } from './pin.mjs';
import { inParallel } from './rounds.mjs';

/** How long a process measures before it is the next one's turn. Its batches of calls take a hundredth of that. */
const TURN_MS = 10;

/** Those that have not ended: what is stopped would stay for ever. */
const alive = new Set();

process.on('exit', () => {
  for (const one of alive) one.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/**
 * Starts all `commands`; gives what each prints last, which is JSON. Each prints a line when it has warmed up, reads one from
 * its standard input, and measures then. While one measures, the others are stopped, and all are on one core: where cores
 * differ in speed, and each from second to second, as on machines that are shared, they do so for all.
 */
export async function takeTurns(commands) {
  const processes = [];
  try {
    await inParallel(commands, availableParallelism(), async (command, i) => {
      processes[i] = new Measuring(command);
      await processes[i].ready();
    });
    for (const one of processes) one.go();
    while (processes.some((one) => one.running)) {
      for (const one of processes) if (one.running) await one.turn();
    }
    return processes.map((one) => one.result());
  } finally {
    for (const one of processes) one?.kill();
  }
}

class Measuring {
  #command;
  #process;
  #lines = [];
  #line;
  #exit;
  #over = false;

  constructor(command) {
    const [file, ...args] = command;
    this.#command = command;
    this.#process = spawn(file, args, {
      cwd: import.meta.dirname,
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(this.#process.stdout);
    lines.on('line', (line) => this.#lines.push(line));
    this.#line = once(lines, 'line');
    alive.add(this.#process);
    // When all that it has printed has been read, too.
    this.#exit = once(this.#process, 'close').then(() => {
      this.#over = true;
      alive.delete(this.#process);
    });
  }

  get running() {
    return !this.#over;
  }

  async ready() {
    await Promise.race([this.#line, this.#exit]);
    if (this.#over) throw new Error(`${this.#command.join(' ')}: ended before it measured anything`);
    this.#process.kill('SIGSTOP');
  }

  go() {
    pin(this.#process.pid);
    this.#process.stdin.end('\n');
  }

  async turn() {
    this.#process.kill('SIGCONT');
    await Promise.race([wait(TURN_MS), this.#exit]);
    this.#process.kill('SIGSTOP');
  }

  result() {
    if (this.#process.exitCode !== 0)
      throw new Error(`${this.#command.join(' ')}: ended with ${this.#process.exitCode}, ${this.#lines}`);
    return JSON.parse(this.#lines.at(-1));
  }

  kill() {
    if (!this.#over) this.#process.kill('SIGKILL');
  }
}
