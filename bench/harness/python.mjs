import { spawnSync } from 'node:child_process';

const VERSION = ['-c', 'import platform; print(platform.python_version())'];

/** The version of the `python3` that there is; undefined where there is none. */
export function pythonVersion() {
  const { stdout, status } = spawnSync('python3', VERSION, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
