// A Python that answers: a line with a program in, a line with its trace out.

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PYTHON = process.env.PYTHON ?? 'python3';

/** Its version, or undefined where there is none that has what is needed: `context` of `create_task` is from 3.11. */
export function pythonVersion() {
  const { stdout } = spawnSync(PYTHON, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'], {
    encoding: 'utf8',
  });
  const version = stdout?.trim();
  const [major, minor] = version?.split('.').map(Number) ?? [];
  return major > 3 || (major === 3 && minor >= 11) ? version : undefined;
}

/** Runs a piece of Python and gives what it prints, read as JSON. */
export function python(source) {
  const { stdout, stderr, status } = spawnSync(PYTHON, ['-c', source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

export class Oracle {
  #child = spawn(PYTHON, [fileURLToPath(new URL('./interpret.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  #asked = [];

  constructor() {
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#asked.shift().resolve(line));
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#asked) reject(new Error(`python ended with ${code}`));
    });
  }

  /** The trace of a program, as text. */
  trace(program) {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(program)}\n`);
    });
  }

  close() {
    this.#child.stdin.end();
  }
}
