import type { IncomingMessage } from 'node:http';

/** How much of a too large body is read and thrown away, so that its sender gets to read the answer. */
const DISCARD_BYTES = 1024 * 1024;

/**
 * Reads a request's body.
 *
 * @param maxBytes - a longer body is not kept; of it at most a mebibyte is read.
 * @returns the bytes; `too_large`; or `gone` when the sender went away or was cut off. Never rejects.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too_large' | 'gone'> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else {
        chunks = [];
        if (size > maxBytes + DISCARD_BYTES) resolve('too_large');
      }
    });
    request.on('end', () => {
      const [only] = chunks;
      if (size > maxBytes) resolve('too_large');
      else resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size));
    });
    request.on('error', () => resolve('gone'));
    request.on('close', () => resolve('gone'));
  });
}
