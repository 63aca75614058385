import { spawn } from 'node:child_process';
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
 * Starts all `commands`; gives what each prints last, which is JSON. Before each thing that they measure they warm up, print
 * the line 'ready' and read one from their standard input, which all of them get at once. While one measures, the others
 * are stopped, and all are on one core, if they can do without a second one: where cores differ in speed, and each from
 * second to second, as on machines that are shared, they do so for all.
 */
export async function takeTurns(commands, { onOneCore = true } = {}) {
  const processes = [];
  try {
    await inParallel(commands, availableParallelism(), async (command, i) => {
      processes[i] = new Measuring(command);
      await processes[i].pause();
      if (onOneCore) processes[i].pin();
    });
    while (processes.some((one) => !one.over)) {
      for (const one of processes) one.go();
      while (processes.some((one) => one.busy)) {
        for (const one of processes) if (one.busy) await one.turn();
      }
    }
    return processes.map((one) => one.result());
  } finally {
    for (const one of processes) one?.kill();
  }
}

class Measuring {
  over = false;
  busy = false;
  #command;
  #process;
  #last;
  /** Until it is ready, or over. */
  #idle;
  #rest;

  constructor(command) {
    const [file, ...args] = command;
    this.#command = command.join(' ');
    this.#process = spawn(file, args, {
      cwd: import.meta.dirname,
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    alive.add(this.#process);
    const lines = createInterface(this.#process.stdout);
    lines.on('line', (line) => {
      this.#last = line;
      if (line === 'ready') this.#rest();
    });
    // When all that it has printed has been read, too.
    this.#process.once('close', () => {
      this.over = true;
      alive.delete(this.#process);
      this.#rest();
    });
    this.#begin();
  }

  #begin() {
    this.busy = true;
    this.#idle = new Promise((resolve) => {
      this.#rest = () => {
        this.busy = false;
        resolve();
      };
    });
  }

  /** When it is ready to measure. */
  async pause() {
    await this.#idle;
    if (this.over) throw new Error(`${this.#command}: ended before it measured anything`);
    this.#process.kill('SIGSTOP');
  }

  pin() {
    pin(this.#process.pid);
  }

  go() {
    if (this.over) return;
    this.#begin();
    this.#process.stdin.write('\n');
  }

  async turn() {
    this.#process.kill('SIGCONT');
    await Promise.race([wait(TURN_MS), this.#idle]);
    this.#process.kill('SIGSTOP');
  }

  result() {
    if (this.#process.exitCode === 0) return JSON.parse(this.#last);
    throw new Error(`${this.#command}: ended with ${this.#process.exitCode}, ${this.#last}`);
  }

  kill() {
    if (!this.over) this.#process.kill('SIGKILL');
  }
}
