import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { pin } from './pin.mjs';
import { inParallel } from './rounds.mjs';

/** How long a process measures before it is the next one's turn. Its batches of calls take a hundredth of that. */
const TURN_MS = 10;

/**
 * Starts all `commands`; gives the number that each prints last. Each prints a line when it has warmed up, reads one from
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
    for (const one of processes) one?.end();
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
    // When all that it has printed has been read, too.
    this.#exit = once(this.#process, 'close').then(() => {
      this.#over = true;
    });
    for (const signal of ['SIGINT', 'SIGTERM']) if (process.listenerCount(signal) === 0) endOn(signal);
    process.once('exit', this.end);
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
    const last = Number(this.#lines.at(-1));
    if (this.#process.exitCode === 0 && last > 0) return last;
    throw new Error(`${this.#command.join(' ')}: ended with ${this.#process.exitCode}, ${this.#lines}`);
  }

  /** One that is stopped would stay for ever. */
  end = () => {
    process.off('exit', this.end);
    if (!this.#over) this.#process.kill('SIGKILL');
  };
}

function endOn(signal) {
  process.once(signal, () => process.exit(1));
}
