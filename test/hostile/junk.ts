/** Every sort of junk that a collector was measured with, as whole uploads, and the codes that may answer it. */
import { createHash, randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { encodeBody, fromBase64Url, type ErrorCode } from '@outcry/protocol';
import { assembleIndependently, pad, type Ingredients } from '../wire/assemble-independently.js';
import { publicOf, unhex } from '../wire/key-material.js';
import { body, context, failure, KEY, seal } from '../unit/collector/sealed.js';
import { CBOR_HAZARDS } from './cbor-hazards.js';

export interface Junk {
  readonly name: string;
  /** One upload, unlike every other of its sort. */
  readonly make: () => Promise<Buffer>;
  readonly codes: readonly ErrorCode[];
}

const recipientPublic = fromBase64Url(KEY.publicKey);
const today = (): number => Math.floor(Date.now() / 86_400_000);
const flip = (bytes: Buffer, index: number): Buffer => Buffer.from(bytes.with(index, (bytes[index] ?? 0) ^ 1));
/** The group order L of Ed25519, little endian. */
const L = unhex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
const NEUTRAL = unhex(`01${'00'.repeat(31)}`);
const CBOR = Buffer.from(encodeBody(body()));
const KEY_ID = createHash('sha512').update(recipientPublic).digest().subarray(0, 4);

/** An envelope with any part made differently from what agents do, signed by a key of its own. */
const assemble = (change: Partial<Ingredients> = {}): Promise<Buffer> =>
  assembleIndependently({
    suite: 1,
    content: 0,
    day: today(),
    recipientPublic,
    ephemeralSecret: randomBytes(32),
    signerSeed: randomBytes(32),
    random: randomBytes(14),
    plaintext: pad(CBOR),
    ...change,
  });
const withHeader = (at: number, bytes: Uint8Array) => (header: Buffer) =>
  Buffer.concat([header.subarray(0, at), bytes, header.subarray(at + bytes.length)]);

/** Bytes that begin like an envelope for us: version, suite, content, schema, key id, today. */
async function headed(bytes: Buffer): Promise<Buffer> {
  bytes.set((await seal()).subarray(0, 10));
  return bytes;
}

/** The same signature with S + L, which tweetnacl takes for good. */
function malleate(envelope: Buffer): Buffer {
  let carry = 0;
  for (let index = 0; index < 32; index += 1) {
    carry += (envelope[120 + index] ?? 0) + (L[index] ?? 0);
    envelope[120 + index] = carry & 255;
    carry >>= 8;
  }
  return envelope;
}

/** Signed by the neutral element: R = neutral and S = 0 hold for any message. */
async function signedByNobody(): Promise<Buffer> {
  const envelope = await assemble({ header: withHeader(56, NEUTRAL) });
  envelope.set(NEUTRAL, 88);
  envelope.fill(0, 120, 152);
  return envelope;
}

/** A sealed body that deflates to what is given; small ones go plain, since the sealing side deflates only what gets shorter. */
export function sealRaw(raw: Buffer): Promise<Buffer> {
  if (raw.length < 2_000) return seal(body(), { raw, plain: true });
  const deflated = deflateRawSync(raw);
  return seal(body(), { raw: Buffer.alloc(deflated.length + 1), deflated });
}

const LARGEST = 152 + 16 + 256 * 239;
const deflated = deflateRawSync(CBOR);
const bombOf = (bytes: number): Buffer => deflateRawSync(Buffer.alloc(bytes));
const inflating = (content: Buffer) => (): Promise<Buffer> => assemble({ content: 1, plaintext: pad(content) });

/** Uploads that are wrong in their bytes, their keys or their compression. */
export const ENVELOPE_JUNK: readonly Junk[] = [
  { name: 'random bytes', make: () => Promise.resolve(randomBytes(1_192)), codes: ['unsupported_version', 'unsupported_suite'] },
  { name: 'a wrong version', make: async () => Buffer.from((await seal()).with(0, 9)), codes: ['unsupported_version'] },
  { name: 'a wrong key id', make: async () => flip(await seal(), 5), codes: ['unknown_key'] },
  { name: 'a day of last month', make: () => assemble({ day: today() - 30 }), codes: ['stale_envelope', 'clock_unsure'] },
  { name: 'a length that is no envelope’s', make: async () => (await assemble({ plaintext: pad(Buffer.alloc(2_000)) })).subarray(0, -1), codes: ['bad_length'] },
  { name: 'an envelope cut by whole blocks', make: async () => (await assemble({ plaintext: pad(Buffer.alloc(2_000)) })).subarray(0, -256), codes: ['open_failed'] },
  { name: 'one byte more than the largest', make: () => headed(randomBytes(60 * 1024 + 1)), codes: ['envelope_too_large'] },
  { name: 'random bytes for our key, 4 kB', make: () => headed(randomBytes(152 + 16 + 4_096)), codes: ['open_failed'] },
  { name: 'random bytes for our key, 60 kB', make: () => headed(randomBytes(LARGEST)), codes: ['open_failed'] },
  { name: 'random bytes for our key, suite 2, 60 kB', make: async () => { const bytes = await headed(randomBytes(LARGEST)); bytes[1] = 2; return bytes; }, codes: ['open_failed'] },
  { name: 'a flipped bit in the header', make: async () => flip(await seal(), 30), codes: ['open_failed'] },
  { name: 'a flipped bit in the ciphertext', make: async () => flip(await seal(), 160), codes: ['open_failed'] },
  { name: 'a flipped bit in the signature', make: async () => flip(await seal(), 100), codes: ['bad_signature'] },
  { name: 'a malleated signature', make: async () => malleate(await seal()), codes: ['bad_signature'] },
  { name: 'a signer of small order whose signature holds', make: signedByNobody, codes: ['bad_signature'] },
  { name: 'an all-zero signer', make: () => assemble({ header: withHeader(56, new Uint8Array(32)) }), codes: ['bad_signature'] },
  { name: 'an all-zero ephemeral key', make: () => assemble({ header: withHeader(24, new Uint8Array(32)) }), codes: ['open_failed'] },
  { name: 'an ephemeral key of small order', make: () => assemble({ header: withHeader(24, NEUTRAL) }), codes: ['open_failed'] },
  { name: 'sealed for another key under our key id', make: () => assemble({ recipientPublic: publicOf('X25519', randomBytes(32)), header: withHeader(4, KEY_ID) }), codes: ['open_failed'] },
  { name: 'padding that is not zero', make: () => assemble({ plaintext: Buffer.from(pad(CBOR).with(-1, 1)) }), codes: ['bad_padding'] },
  { name: 'a block of padding too much', make: () => assemble({ plaintext: Buffer.concat([pad(CBOR), Buffer.alloc(256)]) }), codes: ['bad_padding'] },
  { name: 'bytes behind the deflate stream', make: inflating(Buffer.concat([deflated, Buffer.of(0)])), codes: ['bad_deflate'] },
  { name: 'a deflate stream cut short', make: inflating(deflated.subarray(0, -1)), codes: ['bad_deflate'] },
  { name: 'an inflate bomb of 1 MB', make: inflating(bombOf(1_000_000)), codes: ['body_too_large'] },
  { name: 'an inflate bomb of 56 MB', make: inflating(bombOf(56_000_000)), codes: ['body_too_large'] },
  { name: 'a host of others', make: () => seal(body({ failures: [failure({ host: 'bank.example' })] })), codes: ['unknown_host'] },
  { name: 'a project of others', make: () => seal(body({ context: context({ project: 'bank' }) })), codes: ['unknown_project'] },
]; // prettier-ignore

const REFUSED_CBOR: readonly ErrorCode[] = ['bad_cbor', 'invalid_report', 'unsupported_schema', 'too_many_reports'];

/** Uploads that are sealed and signed as they should be, around a body that should never be decoded. */
export const CBOR_JUNK: readonly Junk[] = Object.entries(CBOR_HAZARDS).map(([name, raw]) => ({
  name,
  make: () => sealRaw(raw),
  codes: REFUSED_CBOR,
}));

const NUMBERS = ['bignum', 'integer', 'not a number', 'infinity', 'floats', 'undefined', 'simple value', 'nothing'];
const TAGS = ['record definitions', 'value sharing', 'a date', 'expression', 'a set', 'any keys', 'typed array'];
const LENGTHS = ['nested', 'said to', 'declare', 'indefinite', 'behind its end'];

const pick = (names: readonly string[]): Junk[] => CBOR_JUNK.filter(({ name }) => names.some((part) => name.includes(part)));
const sorted = new Set([...NUMBERS, ...TAGS, ...LENGTHS].flatMap((part) => pick([part])));
const envelopes = (from: string, to: string): Junk[] => {
  const names = ENVELOPE_JUNK.map(({ name }) => name);
  return ENVELOPE_JUNK.slice(names.indexOf(from), names.indexOf(to) + 1);
};

/** All of it by what it attacks; a flood of one kind takes its variants in turn. */
export const FLOODS: readonly { readonly name: string; readonly variants: readonly Junk[] }[] = [
  { name: 'no envelope for us', variants: envelopes('random bytes', 'a length that is no envelope’s') },
  { name: 'cut and too large', variants: envelopes('an envelope cut by whole blocks', 'one byte more than the largest') },
  { name: 'random bytes for our key', variants: envelopes('random bytes for our key, 4 kB', 'random bytes for our key, suite 2, 60 kB') },
  { name: 'changed on the way', variants: envelopes('a flipped bit in the header', 'a flipped bit in the ciphertext') },
  { name: 'forged signatures', variants: envelopes('a flipped bit in the signature', 'an all-zero signer') },
  { name: 'weak and wrong keys', variants: envelopes('an all-zero ephemeral key', 'sealed for another key under our key id') },
  { name: 'bad padding and deflate', variants: envelopes('padding that is not zero', 'a deflate stream cut short') },
  { name: 'inflate bombs', variants: envelopes('an inflate bomb of 1 MB', 'an inflate bomb of 56 MB') },
  { name: 'hosts and projects of others', variants: envelopes('a host of others', 'a project of others') },
  { name: 'CBOR: numbers', variants: pick(NUMBERS) },
  { name: 'CBOR: tags', variants: pick(TAGS) },
  { name: 'CBOR: depth and lengths', variants: pick(LENGTHS) },
  { name: 'CBOR: many, maps and texts', variants: CBOR_JUNK.filter((junk) => !sorted.has(junk)) },
];
