import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../sdk-browser/src/consent/sha256.js';

const reference = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const ours = (bytes: Uint8Array): string => Buffer.from(sha256(bytes)).toString('hex');

describe('the SHA-256 of pages without WebCrypto', () => {
  it('is that of the standard', () => {
    expect(ours(new TextEncoder().encode('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('agrees with Node at every length around the ends of blocks, whatever the bytes', () => {
    for (let length = 0; length <= 200; length++) {
      const bytes = new Uint8Array(randomBytes(length));
      expect(ours(bytes), `${length} bytes`).toBe(reference(bytes));
    }
    const long = new Uint8Array(20_000).fill(0xff);
    expect(ours(long)).toBe(reference(long));
  });
});
