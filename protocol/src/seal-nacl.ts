/** Sealing with suite 2 (nacl.box) and tweetnacl's Ed25519, for platforms without native X25519, Ed25519 or WebCrypto. */
import nacl from 'tweetnacl';
import { join, padBody, signEnvelope, writeHeader, type Deflate, type Signer } from './assemble.js';
import { toBase64Url } from './base64url.js';
import { OutcryError } from './outcry-error.js';

/** HSalsa20 of zeros: the key that every recipient key of small order leads to, which tweetnacl does not refuse itself. */
const KEY_OF_ZERO = 'NR-G-qO5iEaKhQEitlsKzs6cSCaAau7mPenA2ivX-R4';

/** A signer around a secret key of 64 bytes that `makeNaclSigner` gave earlier. */
export function restoreNaclSigner(secretKey: Uint8Array): Signer {
  return {
    publicKey: secretKey.slice(32),
    sign: (message) => Promise.resolve(nacl.sign.detached(message, secretKey)),
  };
}

/** Whether an Ed25519 signature of 64 bytes holds. Never throws. */
export function verifyNacl(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  return nacl.sign.detached.verify(message, signature, key);
}

/** A new Ed25519 signer from 32 random bytes. */
export function makeNaclSigner(randomBytes: (n: number) => Uint8Array): { signer: Signer; secretKey: Uint8Array } {
  const { secretKey } = nacl.sign.keyPair.fromSeed(randomBytes(32));
  return { signer: restoreNaclSigner(secretKey), secretKey };
}

export interface SealNaclOptions {
  readonly randomBytes: (n: number) => Uint8Array;
  /** The device's clock in milliseconds since the epoch. */
  readonly nowMs: number;
  /** X25519 public key, 32 bytes. */
  readonly recipientKey: Uint8Array;
  readonly signer: Signer;
  /** What `encodeBody` gave, at most 256 KiB. */
  readonly body: Uint8Array;
  /** deflate-raw; left out, the body travels as plain CBOR. */
  readonly deflate?: Deflate | undefined;
}

/**
 * Seals a body into one envelope (suite 2), at most 60 KiB. Asks `randomBytes` for 32 bytes (ephemeral key), then 14 (id).
 *
 * Rejects with `OUTCRY_BAD_PUBLIC_KEY`, `body_too_large` or `envelope_too_large`, and with what `deflate` or the signer throws.
 */
export async function sealEnvelopeNacl(options: SealNaclOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { recipientKey, signer, randomBytes } = options;
  const { content, plaintext } = await padBody(options.body, options.deflate);
  if (recipientKey.length !== nacl.box.publicKeyLength) throw new OutcryError('OUTCRY_BAD_PUBLIC_KEY');
  const ephemeral = nacl.box.keyPair.fromSecretKey(randomBytes(32));
  const shared = nacl.box.before(recipientKey, ephemeral.secretKey);
  if (toBase64Url(shared) === KEY_OF_ZERO) throw new OutcryError('OUTCRY_BAD_PUBLIC_KEY');
  const header = writeHeader({
    suite: 2,
    content,
    keyId: nacl.hash(recipientKey).subarray(0, 4),
    nowMs: options.nowMs,
    random: randomBytes(14),
    ephemeral: ephemeral.publicKey,
    signer: signer.publicKey,
  });
  const nonce = nacl.hash(join('outcry-nonce-v1\0', header)).subarray(0, nacl.box.nonceLength);
  return signEnvelope(header, nacl.box.after(plaintext, nonce, shared), signer);
}
