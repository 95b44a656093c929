/** Hostile envelopes against an honest one of no more bytes, in CPU time of the same run. */
import { encodeBody } from '@outcry/protocol';
import { decodeBody, loadRecipientKeys, openEnvelope, verifyEnvelope } from '@outcry/protocol/open';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sampleBody } from '../unit/protocol/sample-body.js';
import { assembleIndependently, pad } from './assemble-independently.js';
import { leastCpuMs } from '../cpu-time.js';
import { publicOf } from './key-material.js';

const BODY = 256 * 1024;
const MAX_RATIO = 25;
const recipientSecret = Buffer.alloc(32, 0x41);
const recipientPublic = publicOf('X25519', recipientSecret);
const keys = loadRecipientKeys([
  { publicKey: Buffer.from(recipientPublic).toString('base64url'), secretKey: recipientSecret.toString('base64url') },
]);

const envelopeOf = (body: Buffer): Promise<Buffer> =>
  assembleIndependently({
    suite: 1,
    content: 1,
    day: 20_779,
    recipientPublic,
    ephemeralSecret: Buffer.alloc(32, 0x51),
    signerSeed: Buffer.alloc(32, 0x61),
    random: Buffer.alloc(14, 0x71),
    plaintext: pad(deflateRawSync(body)),
  });

async function intake(envelope: Buffer): Promise<string> {
  try {
    decodeBody(openEnvelope(envelope, keys));
    return (await verifyEnvelope(envelope)) ? 'stored' : 'bad_signature';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const costOf = (envelope: Buffer): Promise<number> => leastCpuMs(() => intake(envelope), { repeat: 20 });

const u32 = (n: number): Buffer => Buffer.from([n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
const filled = (...item: number[]): Buffer => {
  const count = Math.floor((BODY - 5) / item.length);
  return Buffer.concat([Buffer.of(0x9a), u32(count), Buffer.alloc(count * item.length, Buffer.from(item))]);
};
const within = (...item: number[]): Buffer => {
  const count = 8190;
  return Buffer.concat([Buffer.of(0x9a), u32(count), Buffer.alloc(count * item.length, Buffer.from(item))]);
};

describe('a hostile envelope', () => {
  it.each([
    ['of empty maps', filled(0xa0)],
    ['of empty arrays', filled(0x80)],
    ['of empty texts', filled(0x60)],
    ['of malformed texts', filled(0x61, 0xe9)],
    ['of zeros', filled(0)],
    ['of as many empty arrays as are decoded at all', within(0x80)],
    ['of as many malformed texts as are decoded at all', within(0x64, 0xe9, 0xe9, 0xe9, 0xe9)],
    ['of one malformed text of 256 KiB', Buffer.concat([Buffer.of(0x81, 0x7a), u32(BODY - 6), Buffer.alloc(BODY - 6, 0xff)])],
    ['of arrays in arrays', Buffer.concat([Buffer.alloc(BODY - 1, 0x81), Buffer.of(0)])],
    ['that inflates without end', Buffer.alloc(8 * BODY)],
  ])('%s costs at most 25 times an honest one', async (_, body) => {
    const honest = await envelopeOf(Buffer.from(encodeBody(sampleBody)));
    const hostile = await envelopeOf(body);
    expect(await intake(honest)).toBe('stored');
    expect(await intake(hostile)).toMatch(/^(bad_cbor|invalid_report|unsupported_schema|body_too_large)$/);
    expect((await costOf(hostile)) / (await costOf(honest))).toBeLessThan(MAX_RATIO);
  });
});
