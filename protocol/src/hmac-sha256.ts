/**
 * HMAC-SHA-256 (RFC 2104) of short messages, made of two one-shot hashes: a third of the cost of an `Hmac` object, which node:crypto
 * builds and throws away for each of the five that open an envelope. The vectors of RFC 4231 are in `test/wire`.
 */
import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const MAX_DATA_BYTES = 256;
const INNER = 0x36;
const OUTER = 0x5c;

// Everything happens within one call, so all calls may share the room that the padded key and the data are laid out in.
const inner = Buffer.alloc(BLOCK_BYTES + MAX_DATA_BYTES, INNER);
const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, OUTER);

/**
 * @param key - at most 64 bytes.
 * @param data - at most 256 bytes.
 * @returns 32 bytes. Throws RangeError when either is longer.
 */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Buffer {
  if (key.length > BLOCK_BYTES || data.length > MAX_DATA_BYTES) throw new RangeError('hmacSha256');
  for (let index = 0; index < BLOCK_BYTES; index += 1) {
    const byte = key[index] ?? 0;
    inner[index] = byte ^ INNER;
    outer[index] = byte ^ OUTER;
  }
  inner.set(data, BLOCK_BYTES);
  // Text, since a Buffer of node:crypto has memory of its own outside of V8's and costs as much as the hash.
  outer.write(hash('sha256', inner.subarray(0, BLOCK_BYTES + data.length), 'binary'), BLOCK_BYTES, 'latin1');
  return Buffer.from(hash('sha256', outer, 'binary'), 'latin1');
}
