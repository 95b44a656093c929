/**
 * libsodium by way of the optional package `sodium-native`: its Ed25519 takes half the time of OpenSSL's, and it takes raw keys. Whoever
 * installs it (collectors do) gets it; without it, or where it has no build, node:crypto does the same work.
 */
import { createRequire } from 'node:module';

export interface Sodium {
  /** Throws where the product is zero, which points of small order give. */
  crypto_scalarmult(product: Buffer, secretKey: Buffer, publicKey: Buffer): void;
  crypto_sign_verify_detached(signature: Buffer, message: Buffer, publicKey: Buffer): boolean;
}

function load(): Sodium | null {
  try {
    return createRequire(import.meta.url)('sodium-native') as Sodium;
  } catch {
    return null;
  }
}

export const SODIUM: Sodium | null = load();
