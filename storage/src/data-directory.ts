import { access, constants, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OutcryError } from '@outcry/protocol';

/** The engine reads these as wildcards in the names of files, even below its working directory. */
const WILDCARDS = /[*?{}]/;

/**
 * Makes the data directory with mode 0700 where it is missing.
 *
 * @returns Its absolute path.
 * Throws OUTCRY_DATA_DIR when it cannot be made or written, or its path holds a wildcard.
 */
export async function prepareDataDirectory(dataDir: string): Promise<string> {
  const path = resolve(dataDir);
  if (WILDCARDS.test(path)) throw new OutcryError('OUTCRY_DATA_DIR', 'its path must not hold any of * ? { }');
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new OutcryError('OUTCRY_DATA_DIR', error instanceof Error && 'code' in error ? String(error.code) : undefined);
  }
  return path;
}
