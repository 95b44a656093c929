import { fromBase64Url, parsePublicKey, toBase64Url } from '@outcry/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const coded = (code: string) => expect.objectContaining({ name: 'OutcryError', code });

describe('base64url', () => {
  it('writes what Node writes and reads it back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64Url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect([...fromBase64Url(text)]).toEqual([...bytes]);
      }),
    );
  });

  it.each(['A', 'AA==', 'AB', 'a b', '+/8', 'AA\n', 'é'])('refuses %j, which is not the one spelling of any bytes', (text) => {
    expect(() => fromBase64Url(text)).toThrow(coded('OUTCRY_BAD_OPTION'));
  });

  it('takes a public key of 32 bytes', () => {
    expect(parsePublicKey(toBase64Url(new Uint8Array(32).fill(7)))).toHaveLength(32);
  });

  it.each([undefined, 7, '', toBase64Url(new Uint8Array(31)), toBase64Url(new Uint8Array(33)), `${'A'.repeat(42)}=`, `${'A'.repeat(42)}B`])(
    'refuses %j as a public key',
    (text) => {
      expect(() => parsePublicKey(text)).toThrow(coded('OUTCRY_BAD_PUBLIC_KEY'));
    },
  );
});
