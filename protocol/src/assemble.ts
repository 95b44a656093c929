/** The parts of an envelope that sealing and opening must agree on byte for byte. */
import { CIPHERTEXT_OFFSET, HEADER_BYTES, TAG_BYTES, utcDay } from './envelope.js';
import { ENVELOPE_VERSION, MAX_BODY_BYTES, MAX_ENVELOPE_BYTES, PADDING_BYTES, SCHEMA_MAJOR } from './limits.js';
import { OutcryError } from './outcry-error.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Compresses with deflate-raw (RFC 1951). */
export type Deflate = (bytes: Uint8Array) => Promise<Uint8Array>;

/** Who signs an envelope: a device's Ed25519 key of one UTC day and recipient key. */
export interface Signer {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

const ascii = (text: string): Bytes => new TextEncoder().encode(text);

/** Joins byte arrays and ASCII texts. */
export function join(...parts: readonly (Uint8Array | string)[]): Bytes {
  const arrays = parts.map((part) => (typeof part === 'string' ? ascii(part) : part));
  const out = new Uint8Array(arrays.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of arrays) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * The plaintext of a body: its length in 4 bytes, the body, zeros to a multiple of 256. Deflated where that is shorter.
 *
 * Throws `body_too_large` (over 256 KiB before deflating) and `envelope_too_large` (the envelope would pass 60 KiB).
 */
export async function padBody(body: Uint8Array, deflate?: Deflate): Promise<{ content: 0 | 1; plaintext: Bytes }> {
  if (body.length > MAX_BODY_BYTES) throw new OutcryError('body_too_large');
  const deflated = await deflate?.(body);
  const shorter = deflated !== undefined && deflated.length < body.length ? deflated : body;
  const plaintext = new Uint8Array(Math.ceil((4 + shorter.length) / PADDING_BYTES) * PADDING_BYTES);
  if (CIPHERTEXT_OFFSET + plaintext.length + TAG_BYTES > MAX_ENVELOPE_BYTES) throw new OutcryError('envelope_too_large');
  new DataView(plaintext.buffer).setUint32(0, shorter.length);
  plaintext.set(shorter, 4);
  return { content: shorter === body ? 0 : 1, plaintext };
}

interface HeaderParts {
  readonly suite: 1 | 2;
  readonly content: 0 | 1;
  readonly keyId: Uint8Array;
  readonly nowMs: number;
  /** Fourteen random bytes. */
  readonly random: Uint8Array;
  readonly ephemeral: Uint8Array;
  readonly signer: Uint8Array;
}

/** Bytes 0..87 of an envelope. */
export function writeHeader(parts: HeaderParts): Bytes {
  const day = utcDay(parts.nowMs);
  const fixed = Uint8Array.of(ENVELOPE_VERSION, parts.suite, parts.content, SCHEMA_MAJOR);
  return join(fixed, parts.keyId, Uint8Array.of(day >> 8, day), parts.random, parts.ephemeral, parts.signer);
}

/** The domain that keeps a signature over an envelope from being one over anything else. */
export const SIGNATURE_DOMAIN = 'outcry-envelope-v1\0';

/** Signs header and ciphertext, and puts the envelope together. */
export async function signEnvelope(header: Uint8Array, ciphertext: Uint8Array, signer: Signer): Promise<Bytes> {
  const signature = await signer.sign(join(SIGNATURE_DOMAIN, header, ciphertext));
  return join(header.subarray(0, HEADER_BYTES), signature, ciphertext);
}
