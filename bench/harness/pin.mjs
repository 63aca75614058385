import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** The first one has the interrupts. */
const LAST_CORE = String(cpus().length - 1);

/**
 * Has all threads of a process run on one core, always the same, where there is a way to say so (Linux): the cores of a machine
 * that is shared differ in speed.
 */
export function pin(pid) {
  spawnSync('taskset', ['-a', '-c', '-p', LAST_CORE, String(pid)]);
}
