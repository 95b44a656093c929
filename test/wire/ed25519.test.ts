import { isWeakSigner } from '@outcry/protocol/open';
import { restoreSigner } from '@outcry/protocol/seal';
import { restoreNaclSigner } from '@outcry/protocol/seal-nacl';
import { verify } from 'node:crypto';
import { SODIUM } from '../../protocol/src/sodium.js';
import { importPublic } from '@outcry/protocol/recipient-keys';
import nacl from 'tweetnacl';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hex, pairOf, subtle, unhex } from './key-material.js';

interface Vector {
  secret: string;
  public: string;
  message: string;
  signature: string;
}
const { vectors } = JSON.parse(readFileSync(new URL('vectors/ed25519_rfc8032.json', import.meta.url), 'utf8')) as { vectors: Vector[] };

describe.each(vectors)('RFC 8032 vector with message "$message"', (vector) => {
  it('is what both of our signers sign', async () => {
    const { secretKey } = nacl.sign.keyPair.fromSeed(unhex(vector.secret));
    for (const signer of [restoreNaclSigner(secretKey), await restoreSigner(subtle, await pairOf('Ed25519', unhex(vector.secret)))]) {
      expect(hex(signer.publicKey)).toBe(vector.public);
      expect(hex(await signer.sign(unhex(vector.message)))).toBe(vector.signature);
    }
  });

  it('verifies, and is no weak key', () => {
    expect(verify(null, unhex(vector.message), importPublic('Ed25519', unhex(vector.public)), unhex(vector.signature))).toBe(true);
    expect(isWeakSigner(unhex(vector.public))).toBe(false);
  });
});

const ff30 = 'ff'.repeat(30);
describe.skipIf(SODIUM === null)('libsodium, where it is installed,', () => {
  it('takes the vectors and refuses what node:crypto would let pass', () => {
    const { publicKey, secretKey } = nacl.sign.keyPair();
    const message = Buffer.from('message');
    const signature = Buffer.from(nacl.sign.detached(message, secretKey));
    const isTaken = (by: Uint8Array, key: Uint8Array): boolean | undefined =>
      SODIUM?.crypto_sign_verify_detached(Buffer.from(by), message, Buffer.from(key));
    expect(isTaken(signature, Buffer.from(publicKey))).toBe(true);
    // Under the identity as a key this verifies for every message by the equation alone.
    const identity = unhex(`01${'00'.repeat(31)}`);
    expect(isTaken(Buffer.concat([identity, Buffer.alloc(32)]), identity)).toBe(false);
    // S + L, the same signature in another spelling.
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
    const malleated = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
    expect(isTaken(Buffer.concat([signature.subarray(0, 32), malleated]), Buffer.from(publicKey))).toBe(false);
  });
});

describe('isWeakSigner', () => {
  it.each([
    ['the neutral element', `01${'00'.repeat(31)}`],
    ['order 2', `ec${ff30}7f`],
    ['order 4', '00'.repeat(32)],
    ['order 4, other sign', `${'00'.repeat(31)}80`],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['order 8, other sign', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
    ['order 8, other root', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['order 8, other root and sign', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['the neutral element with a sign', `01${'00'.repeat(30)}80`],
    ['order 2 with a sign', `ec${ff30}ff`],
    ['y = p', `ed${ff30}7f`],
    ['y = p + 1', `ee${ff30}7f`],
    ['y = p + 2, not canonical', `ef${ff30}7f`],
    ['y = 2^255 − 1 with a sign', `ff${ff30}ff`],
  ])('refuses %s', (_, key) => {
    expect(isWeakSigner(unhex(key))).toBe(true);
  });

  it('takes the largest canonical y that is not of small order, and honest keys', () => {
    expect(isWeakSigner(unhex(`eb${ff30}7f`))).toBe(false);
    for (let i = 0; i < 200; i++) expect(isWeakSigner(nacl.sign.keyPair().publicKey)).toBe(false);
  });
});
