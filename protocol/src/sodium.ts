/**
 * libsodium by way of the optional package `sodium-native`: its Ed25519 takes less than half the time of OpenSSL's. Whoever installs it
 * (collectors do) gets it; without it, or where it has no build, node:crypto does the same work.
 */
import { createRequire } from 'node:module';

export interface Sodium {
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
