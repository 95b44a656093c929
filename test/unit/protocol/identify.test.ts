import { dedupKey, reportId, signerId } from '@outcry/protocol/open';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

const bytes = Uint8Array.from({ length: 424 }, (_, index) => index * 7);
const first8 = (...parts: Uint8Array[]): bigint => createHash('sha256').update(Buffer.concat(parts)).digest().readBigUInt64BE();

describe('identities', () => {
  it('take the dedup key from the header alone, whatever the ciphertext', () => {
    const key = dedupKey(bytes);
    expect(key).toEqual(createHash('sha256').update(bytes.subarray(0, 88)).digest().subarray(0, 16));
    expect(dedupKey(bytes.with(88, 1).with(423, 1))).toEqual(key);
    for (let i = 0; i < 88; i++) expect(dedupKey(bytes.with(i, (bytes[i] ?? 0) ^ 1))).not.toEqual(key);
  });

  it('give each record of an envelope its own id', () => {
    const key = dedupKey(bytes);
    expect(reportId(key, 3, 1)).toBe(first8(key, Uint8Array.of(0, 3, 0, 1)));
    const ids = ([3, 4, 5, 6, 7] as const).flatMap((section) => Array.from({ length: 64 }, (_, index) => reportId(key, section, index)));
    expect(new Set(ids).size).toBe(320);
  });

  it('give a signer another id on another day', () => {
    const key = bytes.subarray(56, 88);
    expect(signerId(20_717, key)).toBe(first8(Uint8Array.of(0x50, 0xed), key));
    expect(signerId(20_718, key)).not.toBe(signerId(20_717, key));
  });
});
