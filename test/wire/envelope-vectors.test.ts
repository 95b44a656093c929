/**
 * test/wire/vectors/envelope_v1.outcry.json: envelopes of fixed keys, randomness and time. Written by the independent assembly
 * (`vitest run --project wire -u`), never by our own sealing, and checked by both.
 */
import { checkDay, encodeBody, parseHeader } from '@outcry/protocol';
import { decodeBody, dedupKey, loadRecipientKeys, openEnvelope, reportId, signerId, verifyEnvelope } from '@outcry/protocol/open';
import { restoreSigner, sealEnvelope } from '@outcry/protocol/seal';
import { restoreNaclSigner, sealEnvelopeNacl } from '@outcry/protocol/seal-nacl';
import { Encoder } from 'cbor-x';
import { existsSync, readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import nacl from 'tweetnacl';
import { describe, expect, it } from 'vitest';
import { sampleBody } from '../unit/protocol/sample-body.js';
import { assembleIndependently, openIndependently, pad } from './assemble-independently.js';
import { hex, pairOf, publicOf, subtleWithEphemeral, unhex } from './key-material.js';

interface Vector {
  name: string;
  suite: 1 | 2;
  content: 0 | 1;
  day: number;
  recipient_secret: string;
  recipient_public: string;
  ephemeral_secret: string;
  signer_seed: string;
  random: string;
  body_cbor: string;
  content_bytes: string;
  envelope: string;
  dedup_key: string;
  report_ids: string[];
  signer_id: string;
}

/** `sampleBody` in wire order, by hand. */
const POSITIONAL = [
  1,
  1_790_000_005,
  [0, 'shop', '4.2.1', 3, 153, 3, '0.1.0', 1, 'v3', 1],
  [
    [
      1_790_000_000,
      'api.shop.example',
      1,
      3,
      1,
      'checkout',
      2,
      'tcp.timed_out',
      2,
      80,
      20_000,
      0,
      3,
      true,
      1,
      3320,
      'DE',
      1,
      3,
      40,
      1_000_000,
    ],
    [1_790_000_010, 'api.shop.example', 1, 3, 1, null, 1, 'dns.failed', 1, 80, 20_000, 0, 3, true, 1, 3320, 'DE', 1, 3, 40, 1_000_000],
  ],
  [['api.shop.example', 1_789_999_800, 12, 9, 2, 1, 1_000_000]],
  [[1_789_999_990, 'c1.example.net', ['c2.example.org', '[2001:db8::7]'], 1, 1]],
  [[1, 2]],
  [['v3', '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU', 1, 20_717]],
];
const DAY = 20_717;
const NOW_MS = DAY * 86_400_000 + 51_600_000;
const file = new URL('vectors/envelope_v1.outcry.json', import.meta.url);
const stored = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as { body: unknown; vectors: Vector[] })
  : { body: null, vectors: [] };
const count = (first: number, length: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => (first + index) % 256));

async function makeVector(suite: 1 | 2, content: 0 | 1): Promise<Vector> {
  const name = `suite ${suite}, ${content === 0 ? 'CBOR' : 'deflate-raw'}`;
  const secrets = { recipient: count(0x40, 32), ephemeral: count(0x60 + suite, 32), signer: count(0x80, 32), random: count(0xa0, 14) };
  const recipientPublic = publicOf('X25519', secrets.recipient);
  const cbor = new Encoder({ useRecords: false }).encode(POSITIONAL);
  // Versions of zlib may deflate differently; what once was written stays as long as it inflates to the body.
  const kept = stored.vectors.find((vector) => vector.name === name && vector.body_cbor === hex(cbor));
  const contentBytes = content === 0 ? cbor : kept === undefined ? deflateRawSync(cbor) : Buffer.from(kept.content_bytes, 'hex');
  const envelope = await assembleIndependently({
    suite,
    content,
    day: DAY,
    recipientPublic,
    ephemeralSecret: secrets.ephemeral,
    signerSeed: secrets.signer,
    random: secrets.random,
    plaintext: pad(contentBytes),
  });
  const dedup = dedupKey(envelope);
  return {
    name,
    suite,
    content,
    day: DAY,
    recipient_secret: hex(secrets.recipient),
    recipient_public: hex(recipientPublic),
    ephemeral_secret: hex(secrets.ephemeral),
    signer_seed: hex(secrets.signer),
    random: hex(secrets.random),
    body_cbor: hex(cbor),
    content_bytes: hex(contentBytes),
    envelope: hex(envelope),
    dedup_key: hex(dedup),
    report_ids: [0, 1].map((index) => String(reportId(dedup, 3, index))),
    signer_id: String(signerId(DAY, envelope.subarray(56, 88))),
  };
}

describe('envelope vectors', () => {
  it('are what @hpke/core, tweetnacl and cbor-x make of their ingredients', async () => {
    const vectors = [await makeVector(1, 0), await makeVector(1, 1), await makeVector(2, 0), await makeVector(2, 1)];
    const text = JSON.stringify({ source: 'docs/reference/wire.md', body: sampleBody, vectors }, null, 2);
    await expect(`${text}\n`).toMatchFileSnapshot('vectors/envelope_v1.outcry.json');
  });

  it.each(stored.vectors)('$name: sealing with the same randomness gives the same bytes', async (vector) => {
    expect(hex(encodeBody(sampleBody))).toBe(vector.body_cbor);
    const given = [...(vector.suite === 2 ? [unhex(vector.ephemeral_secret)] : []), unhex(vector.random)];
    const options = {
      randomBytes: (n: number) => {
        const bytes = given.shift() ?? new Uint8Array(0);
        expect(bytes).toHaveLength(n);
        return bytes;
      },
      nowMs: NOW_MS,
      recipientKey: unhex(vector.recipient_public),
      body: encodeBody(sampleBody),
      ...(vector.content === 1 ? { deflate: () => Promise.resolve(unhex(vector.content_bytes)) } : {}),
    };
    const subtle = subtleWithEphemeral(unhex(vector.ephemeral_secret));
    const sealed =
      vector.suite === 1
        ? await sealEnvelope({
            ...options,
            subtle,
            signer: await restoreSigner(subtle, await pairOf('Ed25519', unhex(vector.signer_seed))),
          })
        : await sealEnvelopeNacl({
            ...options,
            signer: restoreNaclSigner(nacl.sign.keyPair.fromSeed(unhex(vector.signer_seed)).secretKey),
          });
    expect(hex(sealed)).toBe(vector.envelope);
  });

  it.each(stored.vectors)('$name: opens, verifies and decodes to the body', async (vector) => {
    const envelope = unhex(vector.envelope);
    const header = parseHeader(envelope);
    expect(header).toMatchObject({ suite: vector.suite, content: vector.content, day: DAY });
    expect(() => checkDay(header, NOW_MS)).not.toThrow();
    const secretKey = Buffer.from(vector.recipient_secret, 'hex').toString('base64url');
    const publicKey = Buffer.from(vector.recipient_public, 'hex').toString('base64url');
    const body = openEnvelope(envelope, loadRecipientKeys([{ publicKey, secretKey }]));
    expect(hex(body)).toBe(vector.body_cbor);
    expect(decodeBody(body)).toEqual({ body: stored.body, unknownFields: 0 });
    expect(await verifyEnvelope(envelope)).toBe(true);
    expect(hex(dedupKey(envelope))).toBe(vector.dedup_key);
    expect(hex((await openIndependently(envelope, unhex(vector.recipient_secret))) ?? new Uint8Array(0))).toBe(
      hex(pad(unhex(vector.content_bytes))),
    );
  });
});
