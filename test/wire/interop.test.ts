import { encodeBody, fromBase64Url, MAX_BODY_BYTES } from '@outcry/protocol';
import { decodeBody, loadRecipientKeys, makeRecipientKey, openEnvelope, verifyEnvelope } from '@outcry/protocol/open';
import { keyIdOf, makeSigner, restoreSigner, sealEnvelope, supportsNative } from '@outcry/protocol/seal';
import { makeNaclSigner, restoreNaclSigner, sealEnvelopeNacl } from '@outcry/protocol/seal-nacl';
import { randomBytes, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { importPublic } from '@outcry/protocol/recipient-keys';
import { describe, expect, it } from 'vitest';
import { sampleBody } from '../unit/protocol/sample-body.js';
import { assembleIndependently, openIndependently, pad } from './assemble-independently.js';
import { publicOf, subtle } from './key-material.js';

const random = (n: number): Uint8Array => Uint8Array.from(randomBytes(n));
const deflate = async (bytes: Uint8Array): Promise<Uint8Array> => promisify(deflateRaw)(bytes);
const NOW_MS = Date.UTC(2026, 10, 22, 12);

const pair = makeRecipientKey();
const recipientKey = fromBase64Url(pair.publicKey);
const recipientSecret = fromBase64Url(pair.secretKey);
const keys = loadRecipientKeys([makeRecipientKey(), pair]);

async function seal(suite: 1 | 2, body: Uint8Array, withDeflate: boolean): Promise<Uint8Array> {
  const options = { randomBytes: random, nowMs: NOW_MS, recipientKey, body, ...(withDeflate ? { deflate } : {}) };
  if (suite === 2) return sealEnvelopeNacl({ ...options, signer: makeNaclSigner(random).signer });
  return sealEnvelope({ ...options, subtle, signer: (await makeSigner(subtle)).signer });
}

const SUITES = [
  [1, '@hpke/core'],
  [2, 'tweetnacl'],
] as const;

describe.each(SUITES)('suite %d', (suite, other) => {
  it.each([false, true])('opens what it sealed (deflate: %s), and the signature holds', async (withDeflate) => {
    const envelope = await seal(suite, encodeBody(sampleBody), withDeflate);
    expect(decodeBody(openEnvelope(envelope, keys))).toEqual({ body: sampleBody, unknownFields: 0 });
    expect(await verifyEnvelope(envelope)).toBe(true);
  });

  it(`seals what ${other} opens, at any length`, async () => {
    for (const length of [0, 1, 251, 252, 253, 507, 508, 509, 5000, 60_000]) {
      const body = random(length);
      const envelope = await seal(suite, body, false);
      expect(envelope).toHaveLength(152 + 16 + Math.ceil((length + 4) / 256) * 256);
      expect(await openIndependently(envelope, recipientSecret)).toEqual(Uint8Array.from(pad(body)));
    }
  });

  it(`opens what ${other} sealed, at any length`, async () => {
    for (const length of [0, 1, 251, 252, 253, 507, 508, 509, 5000, 60_000]) {
      const body = random(length);
      const parts = { suite, content: 0, day: 20_779, recipientPublic: publicOf('X25519', recipientSecret), plaintext: pad(body) } as const;
      const envelope = await assembleIndependently({ ...parts, ephemeralSecret: random(32), signerSeed: random(32), random: random(14) });
      expect(Uint8Array.from(openEnvelope(envelope, keys))).toEqual(body);
      expect(await verifyEnvelope(envelope)).toBe(true);
    }
  });

  it('seals the same body differently each time', async () => {
    const [a, b] = [await seal(suite, encodeBody(sampleBody), false), await seal(suite, encodeBody(sampleBody), false)];
    for (const [from, to] of [[10, 24], [24, 56], [56, 88], [88, 152], [152, 424]] as const) expect(a.slice(from, to)).not.toEqual(b.slice(from, to)); // prettier-ignore
    expect(a.slice(0, 10)).toEqual(b.slice(0, 10));
  });

  it('sends plain CBOR where deflating does not make it shorter', async () => {
    expect((await seal(suite, random(200), true))[2]).toBe(0);
    expect((await seal(suite, new Uint8Array(200), true))[2]).toBe(1);
  });

  it('fits a body of 256 KiB that deflates well, and refuses larger ones and those that do not', async () => {
    const envelope = await seal(suite, new Uint8Array(MAX_BODY_BYTES), true);
    expect(openEnvelope(envelope, keys)).toHaveLength(MAX_BODY_BYTES);
    await expect(seal(suite, new Uint8Array(MAX_BODY_BYTES + 1), true)).rejects.toMatchObject({ code: 'body_too_large' });
    await expect(seal(suite, random(239 * 256 - 3), true)).rejects.toMatchObject({ code: 'envelope_too_large' });
    expect(openEnvelope(await seal(suite, random(239 * 256 - 4), true), keys)).toHaveLength(239 * 256 - 4);
  });

  it.each([31, 33])('refuses a recipient key of %d bytes', async (length) => {
    const options = { randomBytes: random, nowMs: NOW_MS, recipientKey: random(length), body: new Uint8Array(1) };
    const sealing =
      suite === 1
        ? sealEnvelope({ ...options, subtle, signer: (await makeSigner(subtle)).signer })
        : sealEnvelopeNacl({ ...options, signer: makeNaclSigner(random).signer });
    await expect(sealing).rejects.toMatchObject({ code: 'OUTCRY_BAD_PUBLIC_KEY' });
  });

  it('refuses a recipient key of small order', async () => {
    const options = { randomBytes: random, nowMs: NOW_MS, recipientKey: new Uint8Array(32), body: new Uint8Array(1) };
    const sealing =
      suite === 1
        ? sealEnvelope({ ...options, subtle, signer: (await makeSigner(subtle)).signer })
        : sealEnvelopeNacl({ ...options, signer: makeNaclSigner(random).signer });
    await expect(sealing).rejects.toMatchObject({ code: 'OUTCRY_BAD_PUBLIC_KEY' });
  });
});

describe('signers', () => {
  it('of WebCrypto come back from storage, and their private key cannot be read out', async () => {
    const { signer, stored } = await makeSigner(subtle);
    const again = await restoreSigner(subtle, structuredClone(stored));
    expect(again.publicKey).toEqual(signer.publicKey);
    expect(verify(null, Buffer.from('x'), importPublic('Ed25519', signer.publicKey), await again.sign(Buffer.from('x')))).toBe(true);
    await expect(subtle.exportKey('pkcs8', stored.privateKey)).rejects.toThrow();
  });

  it('of tweetnacl come back from their secret key', async () => {
    const { signer, secretKey } = makeNaclSigner(random);
    const again = restoreNaclSigner(secretKey);
    expect(again.publicKey).toEqual(signer.publicKey);
    expect(verify(null, Buffer.from('x'), importPublic('Ed25519', signer.publicKey), await again.sign(Buffer.from('x')))).toBe(true);
  });
});

describe('supportsNative', () => {
  it('is true here, and false without WebCrypto or without its newer curves', async () => {
    expect(await supportsNative(subtle)).toBe(true);
    expect(await supportsNative(undefined)).toBe(false);
    const old = {
      generateKey: (name: string) => (name === 'X25519' ? Promise.reject(new Error('no')) : subtle.generateKey('Ed25519', false, ['sign'])),
    };
    expect(await supportsNative(old as unknown as SubtleCrypto)).toBe(false);
  });
});

describe('keyIdOf', () => {
  it('is the beginning of SHA-512 of the key', async () => {
    expect(Buffer.from(await keyIdOf(subtle, new Uint8Array(32))).toString('hex')).toBe('5046adc1');
  });
});
