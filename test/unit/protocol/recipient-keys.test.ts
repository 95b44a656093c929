import { fromBase64Url } from '@outcry/protocol';
import { loadRecipientKeys, makeRecipientKey } from '@outcry/protocol/open';
import { keyIdOf } from '@outcry/protocol/seal';
import nacl from 'tweetnacl';
import { webcrypto } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';

const coded = (code: string) => expect.objectContaining({ name: 'OutcryError', code });

afterEach(() => void vi.restoreAllMocks());

describe('recipient keys', () => {
  it('are raw X25519 keys of 32 bytes that tweetnacl agrees with', () => {
    const { publicKey, secretKey } = makeRecipientKey();
    expect(nacl.box.keyPair.fromSecretKey(fromBase64Url(secretKey)).publicKey).toEqual(fromBase64Url(publicKey));
  });

  it('are found by the id that an agent computes', async () => {
    const pairs = [makeRecipientKey(), makeRecipientKey()];
    const keys = loadRecipientKeys(pairs);
    for (const { publicKey } of pairs) {
      const id = Buffer.from(await keyIdOf(webcrypto.subtle as SubtleCrypto, fromBase64Url(publicKey)));
      expect(keys.get(id.readUInt32BE())?.publicRaw).toEqual(Buffer.from(fromBase64Url(publicKey)));
    }
  });

  it('may be listed twice', () => {
    const pair = makeRecipientKey();
    expect(loadRecipientKeys([pair, pair]).size).toBe(1);
  });

  it('are refused when the halves do not belong together, or one is malformed', () => {
    const [a, b] = [makeRecipientKey(), makeRecipientKey()];
    for (const pair of [
      { publicKey: a.publicKey, secretKey: b.secretKey },
      { publicKey: a.publicKey.slice(1), secretKey: a.secretKey },
      { publicKey: a.publicKey, secretKey: '' },
      { publicKey: 'A'.repeat(43), secretKey: a.secretKey },
    ]) {
      expect(() => loadRecipientKeys([pair])).toThrow(coded('OUTCRY_BAD_PUBLIC_KEY'));
    }
  });

  it('never put the secret key into the message of an error', () => {
    const [a, b] = [makeRecipientKey(), makeRecipientKey()];
    try {
      loadRecipientKeys([{ publicKey: a.publicKey, secretKey: b.secretKey }]);
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain(b.secretKey);
    }
  });
});
