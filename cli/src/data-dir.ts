import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutcryError } from '@outcry/protocol';

/**
 * Makes the data directory, for this user alone, and tries whether it can be written.
 *
 * Throws `OUTCRY_DATA_DIR` naming the directory and the system's reason.
 */
export function prepareDataDir(dataDir: string): void {
  const probe = join(dataDir, `.probe-${process.pid}`);
  try {
    mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
    chmodSync(dataDir, 0o700);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    throw new OutcryError('OUTCRY_DATA_DIR', `${dataDir} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}
