/** Brings to the disk what a file shows, after a flush of it failed: pages that were not written may count as clean by then. */
import { fstatSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Rewritten while nobody else may write. */
const CHUNK_BYTES = 4 * 1024 ** 2;

/**
 * Writes all bytes of the file again, as they are, and flushes them. What others add meanwhile they flush themselves.
 *
 * @param alone - runs its work while nobody else writes to the file.
 * Rejects with the system's error.
 */
export async function rewriteFile(path: string, alone: (work: () => void) => void): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0; at < fstatSync(file.fd).size; at += CHUNK_BYTES) {
      alone(() => {
        const length = readSync(file.fd, chunk, 0, CHUNK_BYTES, at);
        for (let done = 0; done < length;) done += writeSync(file.fd, chunk, done, length - done, at + done);
      });
      // Uploads are refused meanwhile, but somebody has to tell them.
      await new Promise(setImmediate);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
