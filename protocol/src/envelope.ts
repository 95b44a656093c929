/** The fixed header of envelope version 1. Nothing here decrypts or trusts anything. Source: docs/reference/wire.md. */
import { DAY_MS, ENVELOPE_VERSION, MAX_AGE_DAYS, MAX_ENVELOPE_BYTES, PADDING_BYTES, SCHEMA_MAJOR } from './limits.js';
import { OutcryError } from './outcry-error.js';

/** Bytes that are authenticated as a header and hashed into the dedup key: everything before the signature. */
export const HEADER_BYTES = 88;
/** Where the ciphertext begins: after header and signature. */
export const CIPHERTEXT_OFFSET = 152;
/** Both suites add 16 bytes. */
export const TAG_BYTES = 16;
const MIN_ENVELOPE_BYTES = CIPHERTEXT_OFFSET + PADDING_BYTES + TAG_BYTES;

export interface EnvelopeHeader {
  readonly version: number;
  /** 1 = HPKE base mode, 2 = nacl.box. */
  readonly suite: 1 | 2;
  /** 0 = CBOR, 1 = deflate-raw of CBOR. */
  readonly content: 0 | 1;
  readonly schema: number;
  /** SHA-512 of the recipient's public key, first 4 bytes. */
  readonly keyId: Uint8Array;
  /** The same on every retry; its first two bytes are the day. */
  readonly envelopeId: Uint8Array;
  /** Days since the epoch (UTC) when it was sealed, by the device's clock. */
  readonly day: number;
  readonly ephemeral: Uint8Array;
  readonly signer: Uint8Array;
}

/**
 * Reads and checks the header of an envelope, by position and length alone. The arrays are views of `bytes`.
 *
 * Throws `envelope_too_small`, `envelope_too_large`, `unsupported_version`, `unsupported_suite`, `unsupported_content`,
 * `unsupported_schema`, `bad_length`.
 */
export function parseHeader(bytes: Uint8Array): EnvelopeHeader {
  const size = bytes.length;
  if (size < MIN_ENVELOPE_BYTES) throw new OutcryError('envelope_too_small');
  if (size > MAX_ENVELOPE_BYTES) throw new OutcryError('envelope_too_large');
  const [version, suite, content, schema] = bytes;
  if (version !== ENVELOPE_VERSION) throw new OutcryError('unsupported_version');
  if (suite !== 1 && suite !== 2) throw new OutcryError('unsupported_suite');
  if (content !== 0 && content !== 1) throw new OutcryError('unsupported_content');
  if (schema !== SCHEMA_MAJOR) throw new OutcryError('unsupported_schema');
  if ((size - CIPHERTEXT_OFFSET) % PADDING_BYTES !== TAG_BYTES) throw new OutcryError('bad_length');
  return {
    version,
    suite,
    content,
    schema,
    keyId: bytes.subarray(4, 8),
    envelopeId: bytes.subarray(8, 24),
    day: ((bytes[8] ?? 0) << 8) | (bytes[9] ?? 0),
    ephemeral: bytes.subarray(24, 56),
    signer: bytes.subarray(56, HEADER_BYTES),
  };
}

/** Days since the epoch, UTC, of a time in milliseconds. */
export function utcDay(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

/**
 * Refuses envelopes sealed more than 8 UTC days before `nowMs`, or more than one day after it.
 *
 * Throws `stale_envelope`.
 */
export function checkDay(header: Pick<EnvelopeHeader, 'day'>, nowMs: number): void {
  const today = utcDay(nowMs);
  if (header.day < today - MAX_AGE_DAYS || header.day > today + 1) throw new OutcryError('stale_envelope');
}
