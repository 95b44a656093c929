/** An envelope put together from docs/reference/wire.md with none of our sealing code: @hpke/core, tweetnacl, cbor-x and node:crypto. */
import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { createHash } from 'node:crypto';
import nacl from 'tweetnacl';
import { pairOf, publicOf } from './key-material.js';

export const hpkeSuite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() });
const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const exact = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;
const info = exact(ascii('outcry-hpke-v1'));

export interface Ingredients {
  readonly suite: 1 | 2;
  readonly content: 0 | 1;
  readonly day: number;
  readonly recipientPublic: Uint8Array;
  readonly ephemeralSecret: Uint8Array;
  readonly signerSeed: Uint8Array;
  /** 14 bytes. */
  readonly random: Uint8Array;
  readonly plaintext: Uint8Array;
  /** Another header than the day, keys and ids give. */
  readonly header?: (header: Buffer) => Buffer;
}

/** Length, content, zeros to a multiple of 256. */
export function pad(content: Uint8Array): Buffer {
  const plaintext = Buffer.alloc(Math.ceil((content.length + 4) / 256) * 256);
  plaintext.writeUInt32BE(content.length);
  plaintext.set(content, 4);
  return plaintext;
}

export async function assembleIndependently(parts: Ingredients): Promise<Buffer> {
  const plain = Buffer.concat([
    Buffer.of(1, parts.suite, parts.content, 1),
    createHash('sha512').update(parts.recipientPublic).digest().subarray(0, 4),
    Buffer.of(Math.floor(parts.day / 256), parts.day % 256),
    parts.random,
    publicOf('X25519', parts.ephemeralSecret),
    nacl.sign.keyPair.fromSeed(parts.signerSeed).publicKey,
  ]);
  const header = parts.header?.(plain) ?? plain;
  const ciphertext = parts.suite === 1 ? await hpkeSealed(parts, header) : naclSealed(parts, header);
  const signature = nacl.sign.detached(
    Buffer.concat([ascii('outcry-envelope-v1\0'), header, ciphertext]),
    nacl.sign.keyPair.fromSeed(parts.signerSeed).secretKey,
  );
  return Buffer.concat([header, signature, ciphertext]);
}

async function hpkeSealed(parts: Ingredients, header: Buffer): Promise<Uint8Array> {
  const recipientPublicKey = await hpkeSuite.kem.deserializePublicKey(exact(parts.recipientPublic));
  const sender = await hpkeSuite.createSenderContext({ recipientPublicKey, info, ekm: await pairOf('X25519', parts.ephemeralSecret) });
  return new Uint8Array(await sender.seal(exact(parts.plaintext), exact(header)));
}

function naclSealed(parts: Ingredients, header: Buffer): Uint8Array {
  const nonce = createHash('sha512').update('outcry-nonce-v1\0').update(header).digest().subarray(0, 24);
  return nacl.box(parts.plaintext, nonce, parts.recipientPublic, parts.ephemeralSecret);
}

/** Opens the ciphertext of an envelope by @hpke/core or tweetnacl; throws or gives null when it is forged. */
export async function openIndependently(envelope: Uint8Array, recipientSecret: Uint8Array): Promise<Uint8Array | null> {
  const header = envelope.slice(0, 88);
  const ciphertext = envelope.slice(152);
  const ephemeral = header.slice(24, 56);
  if (header[1] === 1) {
    const recipientKey = await pairOf('X25519', recipientSecret);
    const recipient = await hpkeSuite.createRecipientContext({ recipientKey, enc: exact(ephemeral), info });
    return new Uint8Array(await recipient.open(exact(ciphertext), exact(header)));
  }
  const nonce = createHash('sha512').update('outcry-nonce-v1\0').update(header).digest().subarray(0, 24);
  return nacl.box.open(ciphertext, nonce, ephemeral, recipientSecret);
}
