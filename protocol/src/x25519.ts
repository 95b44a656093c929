/**
 * The recipient's half of X25519 (RFC 7748): with libsodium where it is installed, which takes raw keys, else with node:crypto, which
 * has to import the ephemeral key first. Both refuse points of small order.
 */
import { diffieHellman } from 'node:crypto';
import { importPublic, type RecipientKey } from './recipient-keys.js';
import { SODIUM, type Sodium } from './sodium.js';

const SHARED_BYTES = 32;

/**
 * @param ephemeral - the sender's public key, 32 bytes.
 * @param sodium - null computes with node:crypto.
 * @returns the product, 32 bytes. Throws an error of the engine's for a point of small order.
 */
export function agree({ privateKey, secretRaw }: RecipientKey, ephemeral: Uint8Array, sodium: Sodium | null = SODIUM): Buffer {
  if (sodium === null) return diffieHellman({ privateKey, publicKey: importPublic('X25519', ephemeral) });
  const product = Buffer.allocUnsafe(SHARED_BYTES);
  sodium.crypto_scalarmult(product, secretRaw, Buffer.from(ephemeral.buffer, ephemeral.byteOffset, ephemeral.length));
  return product;
}
