/**
 * Opening on node:crypto, for collectors: everything here is handed hostile bytes and throws nothing but `OutcryError`.
 * Source: docs/reference/wire.md.
 */
import { decode } from 'cborg';
import { inflateRawSync } from 'node:zlib';
import { nameBody, type BodyValues } from './body-values.js';
import { CIPHERTEXT_OFFSET, HEADER_BYTES, parseHeader, type EnvelopeHeader } from './envelope.js';
import type { ReportBody } from './fields.js';
import { hpkeOpen, makeSchedule, sharedSecret } from './hpke-open.js';
import { MAX_BODY_BYTES, PADDING_BYTES } from './limits.js';
import { naclOpen } from './nacl-open.js';
import { OutcryError } from './outcry-error.js';
import type { RecipientKeys } from './recipient-keys.js';
import { isPlainCbor } from './scan-cbor.js';
import { checkBody } from './validate.js';
import { agree } from './x25519.js';

export { encodeValues, type BodyValues, type Values, type WireValue } from './body-values.js';
export { dedupKey, reportId, signerId } from './identify.js';
export { loadRecipientKeys, makeRecipientKey, type RecipientKeyPair, type RecipientKeys } from './recipient-keys.js';
export { skimBody, type BodyFacts } from './skim-body.js';
export { isWeakSigner, verifyEnvelope, verifyEnvelopeNow } from './verify.js';

const SCHEDULE = makeSchedule(Buffer.from('outcry-hpke-v1', 'latin1'));
const LENGTH_BYTES = 4;
/** Most bodies fit one chunk; zlib's own 16 KiB costs a quarter more. */
const INFLATE_CHUNK_BYTES = 4096;

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

function decrypt(bytes: Uint8Array, header: EnvelopeHeader, keys: RecipientKeys): Uint8Array {
  const recipient = keys.get(view(header.keyId).readUInt32BE());
  if (recipient === undefined) throw new OutcryError('unknown_key');
  const aad = bytes.subarray(0, HEADER_BYTES);
  const ciphertext = bytes.subarray(CIPHERTEXT_OFFSET);
  let plaintext: Uint8Array | null = null;
  try {
    // The engine throws for an ephemeral key of small order.
    const dh = agree(recipient, header.ephemeral);
    plaintext =
      header.suite === 1
        ? hpkeOpen(sharedSecret(dh, header.ephemeral, recipient.publicRaw), SCHEDULE, aad, ciphertext)
        : naclOpen(dh, aad, ciphertext);
  } catch {
    // Forged, changed or sealed for another key: one answer for all, told below.
  }
  if (plaintext === null) throw new OutcryError('open_failed');
  return plaintext;
}

function unpad(plaintext: Uint8Array): Buffer {
  const whole = view(plaintext);
  const end = LENGTH_BYTES + whole.readUInt32BE();
  if (end > whole.length || whole.length - end >= PADDING_BYTES) throw new OutcryError('bad_padding');
  for (let i = end; i < whole.length; i++) if (whole[i] !== 0) throw new OutcryError('bad_padding');
  return whole.subarray(LENGTH_BYTES, end);
}

/** What inflateRawSync gives with `info`; the typings know only the buffer. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function inflate(deflated: Buffer): Buffer {
  let inflated: Inflated;
  try {
    inflated = inflateRawSync(deflated, {
      maxOutputLength: MAX_BODY_BYTES,
      chunkSize: INFLATE_CHUNK_BYTES,
      info: true,
    }) as unknown as Inflated;
  } catch (error) {
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new OutcryError(tooLarge ? 'body_too_large' : 'bad_deflate');
  }
  if (inflated.engine.bytesWritten !== deflated.length) throw new OutcryError('bad_deflate');
  return inflated.buffer;
}

/**
 * Decrypts an envelope, checks its padding and inflates it. The signature is not looked at; see `verifyEnvelope`.
 *
 * @param bytes - One whole envelope.
 * @returns the encoded body, at most 256 KiB.
 * Throws what `parseHeader` throws, and `unknown_key`, `open_failed`, `bad_padding`, `bad_deflate`, `body_too_large`.
 */
export function openEnvelope(bytes: Uint8Array, keys: RecipientKeys): Uint8Array {
  const header = parseHeader(bytes);
  const body = unpad(decrypt(bytes, header, keys));
  if (header.content === 1) return inflate(body);
  if (body.length > MAX_BODY_BYTES) throw new OutcryError('body_too_large');
  return body;
}

/** Of CBOR only what `encodeBody` writes: no tags, no indefinite lengths, no bignums, no NaN, shortest integers. */
const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
} as const;

/**
 * Decodes and checks a body, and leaves its records as arrays in wire order: half the cost of `decodeBody`.
 *
 * @returns the values, and how many were not understood. When that is 0, `bytes` hold these values and nothing else.
 * Throws `bad_cbor`, and what `checkBody` throws.
 */
export function decodeValues(bytes: Uint8Array): { values: BodyValues; unknownFields: number } {
  if (!isPlainCbor(bytes)) throw new OutcryError('bad_cbor');
  let decoded: unknown;
  try {
    decoded = decode(bytes, STRICT);
  } catch {
    throw new OutcryError('bad_cbor');
  }
  return checkBody(decoded);
}

/**
 * Decodes and validates a body.
 *
 * Throws `bad_cbor`, and what `validateBody` throws.
 */
export function decodeBody(bytes: Uint8Array): { body: ReportBody; unknownFields: number } {
  const { values, unknownFields } = decodeValues(bytes);
  return { body: nameBody(values), unknownFields };
}
