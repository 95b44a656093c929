/** What a collector must refuse, each with its code and nothing else thrown. */
import { encodeBody, FINAL_CODES, parseHeader } from '@outcry/protocol';
import { loadRecipientKeys, openEnvelope, verifyEnvelope as verifyInPool, verifyEnvelopeNow } from '@outcry/protocol/open';
import { deflateRawSync } from 'node:zlib';
import nacl from 'tweetnacl';
import { describe, expect, it } from 'vitest';
import { sampleBody } from '../unit/protocol/sample-body.js';
import { assembleIndependently, pad, type Ingredients } from './assemble-independently.js';
import { leastCpuMs } from '../cpu-time.js';
import { publicOf, unhex } from './key-material.js';

/** There are three ways to verify, and they have to say the same. */
async function verifyEnvelope(bytes: Uint8Array): Promise<boolean> {
  const now = verifyEnvelopeNow(bytes);
  expect(verifyEnvelopeNow(bytes, null)).toBe(now);
  expect(await verifyInPool(bytes)).toBe(now);
  return now;
}

const recipientSecret = Buffer.alloc(32, 0x41);
const recipientPublic = publicOf('X25519', recipientSecret);
const keys = loadRecipientKeys([
  { publicKey: Buffer.from(recipientPublic).toString('base64url'), secretKey: recipientSecret.toString('base64url') },
]);
const cbor = Buffer.from(encodeBody(sampleBody));

const make = (suite: 1 | 2, change: Partial<Ingredients> = {}): Promise<Buffer> =>
  assembleIndependently({
    suite,
    content: 0,
    day: 20_779,
    recipientPublic,
    ephemeralSecret: Buffer.alloc(32, 0x51),
    signerSeed: Buffer.alloc(32, 0x61),
    random: Buffer.alloc(14, 0x71),
    plaintext: pad(cbor),
    ...change,
  });

/** The code that opening gives, `opened` when it works; anything that is no OutcryError fails the test. */
function codeOf(bytes: Uint8Array): string {
  try {
    openEnvelope(bytes, keys);
    return 'opened';
  } catch (error) {
    expect(error).toMatchObject({ name: 'OutcryError' });
    return (error as { code: string }).code;
  }
}
const flip = (bytes: Buffer, index: number, mask = 1): Buffer => Buffer.from(bytes.with(index, (bytes[index] ?? 0) ^ mask));

describe.each([1, 2] as const)('suite %d', (suite) => {
  it('is opened unchanged, so that the refusals below mean something', async () => {
    expect(codeOf(await make(suite))).toBe('opened');
    expect(await verifyEnvelope(await make(suite))).toBe(true);
  });

  it('fails with any byte of the header flipped, in any bit', async () => {
    const envelope = await make(suite);
    const byIndex: Record<number, string[]> = {
      0: ['unsupported_version'],
      1: ['unsupported_suite', 'open_failed'],
      2: ['unsupported_content', 'open_failed'],
      3: ['unsupported_schema'],
      4: ['unknown_key'],
      5: ['unknown_key'],
      6: ['unknown_key'],
      7: ['unknown_key'],
    };
    for (let index = 0; index < 88; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = flip(envelope, index, 1 << bit);
        // RFC 7748 ignores the ephemeral key's top bit in the product, but both suites bind the header's bytes.
        expect(byIndex[index] ?? ['open_failed'], `byte ${index} bit ${bit}`).toContain(codeOf(changed));
      }
      expect(await verifyEnvelope(flip(envelope, index)), `byte ${index}`).toBe(false);
    }
  });

  it('fails with any byte of the ciphertext flipped', async () => {
    const envelope = await make(suite);
    for (let index = 152; index < envelope.length; index++) {
      expect(codeOf(flip(envelope, index)), `byte ${index}`).toBe('open_failed');
      if (index % 16 === 0) expect(await verifyEnvelope(flip(envelope, index))).toBe(false);
    }
  });

  it('opens but does not verify with a byte of the signature flipped', async () => {
    const envelope = await make(suite);
    for (let index = 88; index < 152; index++) {
      expect(codeOf(flip(envelope, index))).toBe('opened');
      expect(await verifyEnvelope(flip(envelope, index)), `byte ${index}`).toBe(false);
    }
  });

  it('fails when cut at any length, by its length alone', async () => {
    const envelope = await make(suite, { plaintext: pad(Buffer.alloc(1000)) });
    for (let size = 0; size < envelope.length; size++) {
      const code = size < 424 ? 'envelope_too_small' : (size - 168) % 256 === 0 ? 'open_failed' : 'bad_length';
      expect(codeOf(envelope.subarray(0, size)), `${size} bytes`).toBe(code);
      if (size % 8 === 0) expect(await verifyEnvelope(envelope.subarray(0, size))).toBe(false);
    }
  });

  it('fails with 256 bytes added', async () => {
    expect(codeOf(Buffer.concat([await make(suite), Buffer.alloc(256)]))).toBe('open_failed');
  });

  it.each([
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    `ed${'ff'.repeat(30)}7f`,
  ])('fails with the ephemeral key of small order %s, even if sealed for its known product', async (point) => {
    const envelope = await make(suite, { header: (header) => Buffer.concat([header.subarray(0, 24), unhex(point), header.subarray(56)]) });
    if (suite === 2) {
      // What tweetnacl computes for such a point is no secret: anybody could seal for it.
      const header = envelope.subarray(0, 88);
      const nonce = nacl.hash(Buffer.concat([Buffer.from('outcry-nonce-v1\0'), header])).subarray(0, 24);
      envelope.set(nacl.box.after(pad(cbor), nonce, nacl.box.before(unhex(point), recipientSecret)), 152);
    }
    expect(codeOf(envelope)).toBe('open_failed');
  });

  it('fails when sealed for another key under our key id', async () => {
    const other = publicOf('X25519', Buffer.alloc(32, 0x42));
    const envelope = await make(suite, {
      recipientPublic: other,
      header: (header) => Buffer.concat([header.subarray(0, 4), nacl.hash(recipientPublic).subarray(0, 4), header.subarray(8)]),
    });
    expect(codeOf(envelope)).toBe('open_failed');
    expect(codeOf(await make(suite, { recipientPublic: other }))).toBe('unknown_key');
  });

  it.each([
    ['a length beyond the plaintext', (p: Buffer) => (p.writeUInt32BE(p.length - 3), p)],
    ['a length of 4 GiB', (p: Buffer) => (p.writeUInt32BE(0xffffffff), p)],
    ['a whole block of padding too much', (p: Buffer) => Buffer.concat([p, Buffer.alloc(256)])],
    ['padding of exactly one block', () => Buffer.concat([pad(Buffer.alloc(252)), Buffer.alloc(256)])],
    ['a last byte that is not zero', (p: Buffer) => p.fill(1, p.length - 1)],
    ['a first byte of padding that is not zero', (p: Buffer) => (p.writeUInt8(1, 4 + cbor.length), p)],
  ])('refuses %s as bad padding', async (_, change) => {
    expect(codeOf(await make(suite, { plaintext: change(pad(cbor)) }))).toBe('bad_padding');
  });

  it('refuses what is not one whole deflate stream', async () => {
    const deflated = deflateRawSync(cbor);
    expect(codeOf(await make(suite, { content: 1, plaintext: pad(deflated) }))).toBe('opened');
    for (const content of [
      Buffer.concat([deflated, Buffer.of(0)]),
      Buffer.concat([deflated, deflated]),
      deflated.subarray(0, -1),
      deflated.subarray(0, 1),
      Buffer.alloc(0),
      Buffer.alloc(100, 0xff),
      cbor,
    ]) {
      expect(codeOf(await make(suite, { content: 1, plaintext: pad(content) }))).toBe('bad_deflate');
    }
  });

  it('stops inflating at 256 KiB', async () => {
    const inflatingTo = (size: number): Promise<Buffer> => make(suite, { content: 1, plaintext: pad(deflateRawSync(Buffer.alloc(size))) });
    expect(codeOf(await inflatingTo(256 * 1024))).toBe('opened');
    expect(codeOf(await inflatingTo(256 * 1024 + 1))).toBe('body_too_large');
    const bomb = await inflatingTo(56 * 1024 * 1024);
    expect(bomb.length).toBeLessThan(60 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 20; i++) expect(codeOf(bomb)).toBe('body_too_large');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
    // All of it would cost more than a hundred times as much as an honest envelope of as many bytes.
    const honest = await make(suite, { content: 1, plaintext: pad(deflateRawSync(nacl.randomBytes(bomb.length - 1_000))) });
    expect(codeOf(honest)).toBe('opened');
    const costOf = (envelope: Buffer): Promise<number> => leastCpuMs(() => codeOf(envelope), { repeat: 10 });
    expect((await costOf(bomb)) / (await costOf(honest))).toBeLessThan(25);
  });
});

/** The group order L of Ed25519, little endian. */
const L = unhex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

describe('signatures', () => {
  it('with S + L are refused, though tweetnacl takes them', async () => {
    const envelope = await make(1);
    const malleated = Buffer.from(envelope);
    let carry = 0;
    for (let i = 0; i < 32; i++) {
      carry += (malleated[120 + i] ?? 0) + (L[i] ?? 0);
      malleated[120 + i] = carry & 255;
      carry >>= 8;
    }
    const message = Buffer.concat([Buffer.from('outcry-envelope-v1\0'), malleated.subarray(0, 88), malleated.subarray(152)]);
    expect(nacl.sign.detached.verify(message, malleated.subarray(88, 152), malleated.subarray(56, 88))).toBe(true);
    expect(await verifyEnvelope(malleated)).toBe(false);
  });

  it('that hold for everything under a key of small order are refused', async () => {
    // With the neutral element as key, R = neutral and S = 0 satisfy the equation for any message.
    const neutral = unhex(`01${'00'.repeat(31)}`);
    const envelope = await make(1, { header: (header) => Buffer.concat([header.subarray(0, 56), neutral]) });
    envelope.set(neutral, 88);
    envelope.fill(0, 120, 152);
    const message = Buffer.concat([Buffer.from('outcry-envelope-v1\0'), envelope.subarray(0, 88), envelope.subarray(152)]);
    expect(nacl.sign.detached.verify(message, envelope.subarray(88, 152), neutral)).toBe(true);
    expect(codeOf(envelope)).toBe('opened');
    expect(await verifyEnvelope(envelope)).toBe(false);
  });

  it('by a key that is no point of the curve are refused', async () => {
    const noPoint = unhex(`02${'00'.repeat(31)}`);
    const envelope = await make(1, { header: (header) => Buffer.concat([header.subarray(0, 56), noPoint]) });
    expect(await verifyEnvelope(envelope)).toBe(false);
  });

  it('over another domain, or by another signer, are refused', async () => {
    const [a, b] = [await make(1), await make(1, { signerSeed: Buffer.alloc(32, 0x62) })];
    expect(await verifyEnvelope(Buffer.concat([a.subarray(0, 88), b.subarray(88, 152), a.subarray(152)]))).toBe(false);
    const { secretKey } = nacl.sign.keyPair.fromSeed(Buffer.alloc(32, 0x61));
    const bare = nacl.sign.detached(Buffer.concat([a.subarray(0, 88), a.subarray(152)]), secretKey);
    expect(await verifyEnvelope(Buffer.concat([a.subarray(0, 88), bare, a.subarray(152)]))).toBe(false);
  });
});

describe('junk', () => {
  it('of any length gives a code and nothing else', async () => {
    for (let size = 0; size < 3000; size += 7) {
      const bytes = Buffer.from(nacl.randomBytes(size));
      bytes.set([1, 1 + (size % 2), size % 2, 1].slice(0, size));
      expect([...FINAL_CODES, 'unknown_key']).toContain(codeOf(bytes));
      expect(await verifyEnvelope(bytes)).toBe(false);
    }
  });

  it('of text, as a misled client may send it, is refused by its first byte', () => {
    const page = Buffer.from('<!doctype html>'.repeat(100));
    expect(() => parseHeader(page)).toThrow(expect.objectContaining({ code: 'unsupported_version' }));
  });
});
