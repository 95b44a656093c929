import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OutcryError } from '@outcry/protocol';

/** Makes a directory and what is missing above it. One by one: where a file system refuses with ENOENT (/proc), `recursive` spins for ever. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

const OTHERS_WRITE = 0o002;
const GROUP_OR_OTHERS = 0o077;

/** Looks at who else may use a directory that was there before. Its mode is its owner's to choose: it may hold other things. */
function checkMode(dataDir: string, warn: (line: string) => void): void {
  // Elsewhere modes say nothing.
  if (process.platform === 'win32') return;
  const mode = statSync(dataDir).mode & 0o777;
  const words = `${dataDir} has mode ${mode.toString(8).padStart(4, '0')}`;
  if ((mode & OTHERS_WRITE) !== 0)
    throw new OutcryError('OUTCRY_DATA_DIR', `${words}: everybody may write there; take a directory of its own`);
  if ((mode & GROUP_OR_OTHERS) !== 0) warn(`outcry: ${words}: others than this user may use it; chmod 0700 keeps them out`);
}

/**
 * Makes the data directory where it is missing, for this user alone, and tries whether it can be written. The mode of one that is there
 * stays as it is.
 *
 * @param warn - told in one line when others than this user may use it.
 * Throws `OUTCRY_DATA_DIR` naming the directory and the system's reason, or that everybody may write there.
 */
export function prepareDataDir(dataDir: string, warn: (line: string) => void): void {
  const probe = join(dataDir, `.probe-${process.pid}`);
  try {
    if (existsSync(dataDir)) checkMode(dataDir, warn);
    makeDirectory(join(dataDir, 'logs'));
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    if (error instanceof OutcryError) throw error;
    throw new OutcryError('OUTCRY_DATA_DIR', `${dataDir} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}
