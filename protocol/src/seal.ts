/** Sealing with suite 1 on WebCrypto, which is handed in: browsers and Node alike. Source: docs/reference/wire.md. */
import { padBody, signEnvelope, writeHeader, type Deflate, type Signer } from './assemble.js';
import { hpkeSeal, type HpkeRecipient } from './hpke-seal.js';
import { OutcryError } from './outcry-error.js';

export type { Deflate, Signer } from './assemble.js';
type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The first 4 bytes of SHA-512 of a recipient's public key, by which a collector finds its key.
 *
 * @param recipientKey - 32 bytes.
 */
export async function keyIdOf(subtle: SubtleCrypto, recipientKey: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await subtle.digest('SHA-512', new Uint8Array(recipientKey))).slice(0, 4);
}

/** A signer around a key pair that this module made earlier, for instance out of IndexedDB. */
export async function restoreSigner(subtle: SubtleCrypto, stored: CryptoKeyPair): Promise<Signer> {
  const publicKey = new Uint8Array(await subtle.exportKey('raw', stored.publicKey));
  return {
    publicKey,
    sign: async (message) => new Uint8Array(await subtle.sign('Ed25519', stored.privateKey, message as Bytes)),
  };
}

/** A new Ed25519 signer. Its private key cannot be read out; `stored` can be put into IndexedDB as it is. */
export async function makeSigner(subtle: SubtleCrypto): Promise<{ signer: Signer; stored: CryptoKeyPair }> {
  const stored = await subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  return { signer: await restoreSigner(subtle, stored), stored };
}

const makeEphemeral = (subtle: SubtleCrypto): Promise<CryptoKeyPair> => subtle.generateKey('X25519', false, ['deriveBits']);

/** Whether this platform can seal with suite 1: WebCrypto with X25519 and Ed25519. Never rejects. */
export async function supportsNative(subtle: SubtleCrypto | undefined): Promise<boolean> {
  if (subtle === undefined) return false;
  try {
    await Promise.all([makeEphemeral(subtle), subtle.generateKey('Ed25519', false, ['sign', 'verify'])]);
    return true;
  } catch {
    return false;
  }
}

interface Recipient extends HpkeRecipient {
  readonly id: Bytes;
}
/** Imported recipient keys by the very array they came in, so that an agent imports its key once. */
const recipients = new WeakMap<Uint8Array, Promise<Recipient>>();

async function importRecipient(subtle: SubtleCrypto, raw: Uint8Array): Promise<Recipient> {
  try {
    const key = await subtle.importKey('raw', raw as Bytes, 'X25519', false, []);
    return { key, raw, id: await keyIdOf(subtle, raw) };
  } catch {
    throw new OutcryError('OUTCRY_BAD_PUBLIC_KEY');
  }
}

function recipientOf(subtle: SubtleCrypto, raw: Uint8Array): Promise<Recipient> {
  let recipient = recipients.get(raw);
  if (recipient === undefined) recipients.set(raw, (recipient = importRecipient(subtle, raw)));
  return recipient;
}

export interface SealOptions {
  readonly subtle: SubtleCrypto;
  readonly randomBytes: (n: number) => Uint8Array;
  /** The device's clock in milliseconds since the epoch. */
  readonly nowMs: number;
  /** X25519 public key, 32 bytes; hand in the same array each time, its import is kept with it. */
  readonly recipientKey: Uint8Array;
  readonly signer: Signer;
  /** What `encodeBody` gave, at most 256 KiB. */
  readonly body: Uint8Array;
  /** deflate-raw; left out, the body travels as plain CBOR. */
  readonly deflate?: Deflate | undefined;
}

/**
 * Seals a body into one envelope (suite 1), at most 60 KiB.
 *
 * Rejects with `OUTCRY_BAD_PUBLIC_KEY`, `body_too_large` or `envelope_too_large`, and with what `deflate` or the signer throws.
 */
export async function sealEnvelope(options: SealOptions): Promise<Bytes> {
  const { subtle, signer } = options;
  const [{ content, plaintext }, recipient, pair] = await Promise.all([
    padBody(options.body, options.deflate),
    recipientOf(subtle, options.recipientKey),
    makeEphemeral(subtle),
  ]);
  const enc = new Uint8Array(await subtle.exportKey('raw', pair.publicKey));
  const header = writeHeader({
    suite: 1,
    content,
    keyId: recipient.id,
    nowMs: options.nowMs,
    random: options.randomBytes(14),
    ephemeral: enc,
    signer: signer.publicKey,
  });
  const ciphertext = await hpkeSeal(subtle, { privateKey: pair.privateKey, enc }, recipient, header, plaintext);
  return signEnvelope(header, ciphertext, signer);
}
