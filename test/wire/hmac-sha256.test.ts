import { createHmac } from 'node:crypto';
import { hmacSha256 } from '@outcry/protocol/hmac-sha256';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unhex } from './key-material.js';

/** Test cases 1 to 4 of RFC 4231: key, data, tag. */
const VECTORS: [string, string, string][] = [
  ['0b'.repeat(20), '4869205468657265', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    '4a656665',
    '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
];

describe('hmacSha256', () => {
  it.each(VECTORS)('of key %s and data %s is what RFC 4231 says', (key, data, tag) => {
    expect(hmacSha256(unhex(key), unhex(data)).toString('hex')).toBe(tag);
  });

  it('is what node:crypto computes, for every length it takes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 256 }), (key, data) => {
        expect(hmacSha256(key, data)).toEqual(createHmac('sha256', key).update(data).digest());
      }),
    );
  });

  it('throws for what does not fit', () => {
    expect(() => hmacSha256(new Uint8Array(65), new Uint8Array(1))).toThrow(RangeError);
    expect(() => hmacSha256(new Uint8Array(1), new Uint8Array(257))).toThrow(RangeError);
  });
});
