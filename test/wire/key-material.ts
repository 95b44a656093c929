/** Keys from raw bytes, for WebCrypto and @hpke/core, and a WebCrypto whose ephemeral key is given. */
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';

export const subtle = webcrypto.subtle as SubtleCrypto;
export const unhex = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex, 'hex'));
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const PKCS8 = { X25519: '302e020100300506032b656e04220420', Ed25519: '302e020100300506032b657004220420' } as const;
export type Curve = keyof typeof PKCS8;

/** The public half of a raw secret key. */
export function publicOf(curve: Curve, secret: Uint8Array): Uint8Array<ArrayBuffer> {
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from(PKCS8[curve], 'hex'), secret]), format: 'der', type: 'pkcs8' });
  return Uint8Array.from(Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url'));
}

/** A WebCrypto pair of a raw secret key. */
export async function pairOf(curve: Curve, secret: Uint8Array): Promise<CryptoKeyPair> {
  const usages: KeyUsage[] = curve === 'X25519' ? ['deriveBits'] : ['sign'];
  const pkcs8 = Uint8Array.from(Buffer.concat([Buffer.from(PKCS8[curve], 'hex'), secret]));
  return {
    privateKey: await subtle.importKey('pkcs8', pkcs8, curve, false, usages),
    publicKey: await subtle.importKey('raw', publicOf(curve, secret), curve, true, curve === 'X25519' ? [] : ['verify']),
  };
}

/** WebCrypto that "generates" the given X25519 key; everything else is the real one. */
export function subtleWithEphemeral(secret: Uint8Array): SubtleCrypto {
  return new Proxy(subtle, {
    get(target, name) {
      if (name === 'generateKey') return () => pairOf('X25519', secret);
      const member = target[name as keyof SubtleCrypto] as (...args: unknown[]) => unknown;
      return member.bind(target);
    },
  });
}
