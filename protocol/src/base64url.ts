/** base64url without padding (RFC 4648 §5), on what browsers and Node both have; no Buffer. */
import { OutcryError } from './outcry-error.js';

/** Bytes to base64url text without padding. Never throws. */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * base64url text to bytes. Only the one canonical spelling is taken: no padding, no white space, unused bits zero.
 *
 * Throws `OUTCRY_BAD_OPTION` for anything else.
 */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (/^[\w-]*$/.test(text) && text.length % 4 !== 1) {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    if (toBase64Url(bytes) === text) return bytes;
  }
  throw new OutcryError('OUTCRY_BAD_OPTION', 'not base64url');
}

/**
 * A public key as it stands in configuration: 32 bytes as 43 characters of base64url.
 *
 * Throws `OUTCRY_BAD_PUBLIC_KEY` for anything else.
 */
export function parsePublicKey(text: unknown): Uint8Array<ArrayBuffer> {
  try {
    if (typeof text === 'string' && text.length === 43) return fromBase64Url(text);
  } catch {
    // Told below with the code that names the key.
  }
  throw new OutcryError('OUTCRY_BAD_PUBLIC_KEY');
}
