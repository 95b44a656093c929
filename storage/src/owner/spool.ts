/** Data of inserts on its way into the engine: one file per request, removed when the insert has ended. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FrontError } from './front-error.js';

export interface Spool {
  /**
   * Writes the chunks to a new file and hands its name to the work. The file is removed afterwards, whatever happens.
   *
   * Rejects with code 307 when the data is longer than `maxBytes`.
   */
  withFile<T>(chunks: AsyncIterable<Buffer>, work: (fileName: string) => Promise<T>): Promise<T>;
}

/** Makes the spool directory empty: what is in it belongs to requests of a process that died. */
export async function openSpool(directory: string, maxBytes: number): Promise<Spool> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return {
    async withFile(chunks, work) {
      const fileName = randomBytes(12).toString('hex');
      const file = join(directory, fileName);
      try {
        await pipeline(Readable.from(bounded(chunks, maxBytes)), createWriteStream(file, { mode: 0o600 }));
        return await work(fileName);
      } finally {
        await rm(file, { force: true });
      }
    },
  };
}

/** Passes chunks on until there are more than `maxBytes` of them. */
export async function* bounded(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new FrontError(307, 'TOO_MANY_BYTES', `the body is longer than ${maxBytes} bytes`);
    yield chunk;
  }
}
