import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Keeps a second process out of the folder of an embedded database, which would damage it. */
export class FolderLock {
  private constructor(private readonly file: string) {}

  /** @throws where the process that took it is still there. One that was killed has lost it. */
  static async take(folder: string): Promise<FolderLock> {
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'process.pid');
    const owner = Number(await readFile(file, 'utf8').catch(() => Number.NaN));
    if (isAlive(owner)) throw new Error(`DATA_DIR is in use by process ${owner}: ${folder}`);
    await writeFile(file, String(process.pid));
    return new FolderLock(file);
  }

  release(): Promise<void> {
    return rm(this.file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
