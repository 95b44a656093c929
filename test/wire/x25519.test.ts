/** X25519 by libsodium and by node:crypto: the same products, and the same refusals. */
import { randomBytes } from 'node:crypto';
import { loadRecipientKeys } from '@outcry/protocol/open';
import type { RecipientKey } from '@outcry/protocol/recipient-keys';
import { agree } from '@outcry/protocol/x25519';
import { describe, expect, it } from 'vitest';
import { SODIUM } from '../../protocol/src/sodium.js';
import { publicOf, unhex } from './key-material.js';

function recipientOf(secret: Uint8Array): RecipientKey {
  const publicKey = Buffer.from(publicOf('X25519', secret)).toString('base64url');
  const [key] = loadRecipientKeys([{ publicKey, secretKey: Buffer.from(secret).toString('base64url') }]).values();
  if (key === undefined) throw new Error('no key');
  return key;
}
const both = (key: RecipientKey, ephemeral: Uint8Array): string[] =>
  [SODIUM, null].map((engine) => agree(key, ephemeral, engine).toString('hex'));

describe('the product of X25519', () => {
  it('is checked with libsodium here, not with node:crypto twice', () => expect(SODIUM).not.toBeNull());

  it.each([
    [
      'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
      'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
      'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
    ],
    [
      '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
      'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
      '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
    ],
  ])('of scalar %s and point %s is what RFC 7748 says', (scalar, point, product) => {
    expect(both(recipientOf(unhex(scalar)), unhex(point))).toEqual([product, product]);
  });

  it('is the same for random keys, with and without the ignored top bit', () => {
    const recipient = recipientOf(randomBytes(32));
    for (let round = 0; round < 200; round += 1) {
      const ephemeral = Buffer.from(publicOf('X25519', randomBytes(32)));
      if (round % 2 === 0) ephemeral[31] = (ephemeral[31] ?? 0) | 0x80;
      const [one, two] = both(recipient, ephemeral);
      expect(one).toBe(two);
    }
  });

  it.each([
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
    `${'00'.repeat(31)}80`,
  ])('of the point of small order %s is refused', (point) => {
    const recipient = recipientOf(randomBytes(32));
    for (const engine of [SODIUM, null]) expect(() => agree(recipient, unhex(point), engine)).toThrow();
  });
});
