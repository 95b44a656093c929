import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OutcryError } from '@outcry/protocol';

/** Makes a directory and what is missing above it. One by one: where a file system refuses with ENOENT (/proc), `recursive` spins for ever. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/**
 * Makes the data directory, for this user alone, and tries whether it can be written.
 *
 * Throws `OUTCRY_DATA_DIR` naming the directory and the system's reason.
 */
export function prepareDataDir(dataDir: string): void {
  const probe = join(dataDir, `.probe-${process.pid}`);
  try {
    makeDirectory(join(dataDir, 'logs'));
    chmodSync(dataDir, 0o700);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    throw new OutcryError('OUTCRY_DATA_DIR', `${dataDir} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}
