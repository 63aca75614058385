import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The first start of the sample makes two embedded databases, which takes seconds; so it is done once, and copied for each
// start. What it depends on is in the name of the copy that is kept.

const migrations = join(process.cwd(), 'sample-app/src/database/migrations/meta/_journal.json');
const lock = join(process.cwd(), 'package-lock.json');

function keptFolder(): string {
  const hash = createHash('sha256').update(readFileSync(migrations)).update(readFileSync(lock));
  return join(tmpdir(), `order-desk-${hash.digest('hex').slice(0, 16)}`);
}

async function prepare(kept: string): Promise<void> {
  const folder = mkdtempSync(`${kept}-`);
  const env = { ...process.env, DATA_DIR: folder, PORT: '0' };
  const first = spawn(process.execPath, [join(process.cwd(), 'dist-sample/main.js')], { env });
  await Promise.race([once(first.stdout, 'data'), once(first, 'close')]);
  first.kill('SIGTERM');
  await once(first, 'close');
  try {
    renameSync(folder, kept);
  } catch {
    // Another test file was faster.
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A folder for `DATA_DIR`, as a first start leaves it; the caller removes it. */
export async function preparedFolder(): Promise<string> {
  const kept = keptFolder();
  if (!existsSync(kept)) await prepare(kept);
  const folder = mkdtempSync(join(tmpdir(), 'order-desk-test-'));
  cpSync(kept, folder, { recursive: true });
  return folder;
}
