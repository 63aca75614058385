import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** The first one has the interrupts. */
const LAST_CORE = String(cpus().length - 1);

/** Whether there is a way to say on which core a process runs (Linux, with a `taskset`). */
export function canPin() {
  return spawnSync('taskset', ['-c', LAST_CORE, process.execPath, '--version']).status === 0;
}

/** Has all threads of a process run on one core, always the same: the cores of a machine that is shared differ in speed. */
export function pin(pid) {
  spawnSync('taskset', ['-a', '-c', '-p', LAST_CORE, String(pid)]);
}
