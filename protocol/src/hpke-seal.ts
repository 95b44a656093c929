/**
 * The sender's half of HPKE base mode, one seal per context, on WebCrypto. Suite: DHKEM(X25519, HKDF-SHA256) 0x0020,
 * HKDF-SHA256 0x0001, AES-128-GCM 0x0001. Source: RFC 9180 §§4.1, 5.1, 5.2.
 */
import { join } from './assemble.js';
import { fromBase64Url } from './base64url.js';
import { OutcryError } from './outcry-error.js';

type Bytes = Uint8Array<ArrayBuffer>;

const KEM_SUITE = 'KEM\0\x20';
const HPKE_SUITE = 'HPKE\0\x20\0\x01\0\x01';

/** LabeledExpand's `info` (RFC 9180 §4) for an output of `length` bytes. */
const labeledInfo = (length: number, suite: string, label: string, info: Uint8Array): Bytes =>
  join(Uint8Array.of(0, length), 'HPKE-v1', suite, label, info);

/**
 * mode ‖ psk_id_hash ‖ info_hash of base mode with `info` = `outcry-hpke-v1`: it depends on constants only, and writing it
 * down saves a page two HMACs and their code. A test derives it anew.
 */
export const SCHEDULE_CONTEXT_TEXT = 'AHJWEcnZjAfAP2AJXNMtQA2DR9Re1nCXu61Q_FbadC0HuXlB4CSko33ib7dCxGd0ZCUKS5rPe0VcRe9sQ79dPPA';

/** LabeledExtract followed by LabeledExpand in one derivation, as HKDF is defined. */
async function derive(subtle: SubtleCrypto, ikm: Bytes, salt: Bytes, outputs: readonly [Bytes, number][]): Promise<Bytes[]> {
  const key = await subtle.importKey('raw', ikm, 'HKDF', false, ['deriveBits']);
  return Promise.all(
    outputs.map(
      async ([info, length]) => new Uint8Array(await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, key, length * 8)),
    ),
  );
}

export interface HpkeSender {
  /** The ephemeral private key, for deriveBits. */
  readonly privateKey: CryptoKey;
  /** The ephemeral public key as 32 bytes: HPKE's `enc`. */
  readonly enc: Uint8Array;
}

export interface HpkeRecipient {
  readonly key: CryptoKey;
  readonly raw: Uint8Array;
}

/**
 * Seals one plaintext in a context of its own.
 *
 * Throws `OUTCRY_BAD_PUBLIC_KEY` where the recipient's key is a point of small order.
 */
export async function hpkeSeal(
  subtle: SubtleCrypto,
  sender: HpkeSender,
  recipient: HpkeRecipient,
  aad: Bytes,
  plaintext: Bytes,
  scheduleContext: Uint8Array = fromBase64Url(SCHEDULE_CONTEXT_TEXT),
): Promise<Bytes> {
  let dh = new Uint8Array(32);
  try {
    dh = new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: recipient.key }, sender.privateKey, 256));
  } catch {
    // Left at zero: engines refuse a small-order point here, or give zeros.
  }
  if (!dh.some((byte) => byte !== 0)) throw new OutcryError('OUTCRY_BAD_PUBLIC_KEY');
  const empty = new Uint8Array(0);
  const [shared = empty] = await derive(subtle, join('HPKE-v1', KEM_SUITE, 'eae_prk', dh), empty, [
    [labeledInfo(32, KEM_SUITE, 'shared_secret', join(sender.enc, recipient.raw)), 32],
  ]);
  const [key = empty, iv = empty] = await derive(subtle, join('HPKE-v1', HPKE_SUITE, 'secret'), shared, [
    [labeledInfo(16, HPKE_SUITE, 'key', scheduleContext), 16],
    [labeledInfo(12, HPKE_SUITE, 'base_nonce', scheduleContext), 12],
  ]);
  const aes = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  return new Uint8Array(await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: aad }, aes, plaintext));
}
