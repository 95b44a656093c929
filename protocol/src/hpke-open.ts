/**
 * The recipient's half of HPKE base mode, one message per context, on node:crypto. Suite: DHKEM(X25519, HKDF-SHA256) 0x0020,
 * HKDF-SHA256 0x0001, AES-128-GCM 0x0001. Source: RFC 9180 §§4.1, 5.1, 5.2.
 */
import { createDecipheriv } from 'node:crypto';
import { hmacSha256 as hmac } from './hmac-sha256.js';

const KEM_SUITE = 'KEM\0\x20';
const HPKE_SUITE = 'HPKE\0\x20\0\x01\0\x01';
const TAG_BYTES = 16;
const NO_SALT = Buffer.alloc(32);
const EMPTY = Buffer.alloc(0);

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
// HKDF in bare HMACs: every output here is one block of SHA-256 or less, and an hkdfSync costs four times as much as its HMACs.
const expandInfo = (length: number, suite: string, label: string): Buffer =>
  Buffer.concat([Buffer.of(0, length), latin1(`HPKE-v1${suite}${label}`)]);

const EAE_PREFIX = latin1(`HPKE-v1${KEM_SUITE}eae_prk`);
const SHARED_INFO = expandInfo(32, KEM_SUITE, 'shared_secret');
const SECRET_IKM = latin1(`HPKE-v1${HPKE_SUITE}secret`);
const END = Buffer.of(1);

/** What the key schedule of base mode makes of one `info`: constants of all messages. */
export interface Schedule {
  readonly context: Buffer;
  readonly keyInfo: Buffer;
  readonly nonceInfo: Buffer;
}

/** The key schedule's constants for an application's `info` (RFC 9180 §5.1, mode 0, no PSK). */
export function makeSchedule(info: Uint8Array): Schedule {
  const extract = (label: string, ikm: Uint8Array): Buffer => hmac(NO_SALT, Buffer.concat([latin1(`HPKE-v1${HPKE_SUITE}${label}`), ikm]));
  const context = Buffer.concat([Buffer.of(0), extract('psk_id_hash', EMPTY), extract('info_hash', info)]);
  return {
    context,
    keyInfo: Buffer.concat([expandInfo(16, HPKE_SUITE, 'key'), context, END]),
    nonceInfo: Buffer.concat([expandInfo(12, HPKE_SUITE, 'base_nonce'), context, END]),
  };
}

/** DHKEM's shared secret from the Diffie-Hellman product (RFC 9180 §4.1). */
export function sharedSecret(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Buffer {
  return hmac(hmac(NO_SALT, Buffer.concat([EAE_PREFIX, dh])), Buffer.concat([SHARED_INFO, enc, recipient, END]));
}

/**
 * Opens a ciphertext with its tag. Throws the engine's error when it is forged.
 */
export function hpkeOpen(shared: Uint8Array, schedule: Schedule, aad: Uint8Array, ciphertext: Uint8Array): Buffer {
  const secret = hmac(shared, SECRET_IKM);
  const key = hmac(secret, schedule.keyInfo).subarray(0, 16);
  const nonce = hmac(secret, schedule.nonceInfo).subarray(0, 12);
  const end = ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(ciphertext.subarray(end));
  const plaintext = decipher.update(ciphertext.subarray(0, end));
  decipher.final();
  return plaintext;
}
