/** Signing the configuration of agents, with Ed25519 (RFC 8032) by node:crypto. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { join } from 'node:path';
import { configMessage, faultOf, OutcryError, parseConfig, parseSignedConfig } from '@outcry/protocol';
import type { AgentConfig, SignedConfig } from '@outcry/protocol';
import type { RecipientKey } from './recipient-keys.js';

/** Where the signing key is kept that no option names. */
export const configKeyFileOf = (dataDir: string): string => join(dataDir, 'config-key.json');

/** A new signing key from the system's randomness, both halves as base64url of 32 bytes. */
export function makeConfigKey(): RecipientKey {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { publicKey: x, secretKey: d };
}

/**
 * The document that a collector serves.
 *
 * Throws `OUTCRY_BAD_OPTION` naming the first wrong member, `OUTCRY_BAD_PUBLIC_KEY` where the halves of the key do not belong together.
 */
export function signConfig(config: AgentConfig, { publicKey, secretKey }: RecipientKey): SignedConfig {
  const fault = faultOf(config);
  if (fault !== undefined) throw new OutcryError('OUTCRY_BAD_OPTION', fault);
  const text = JSON.stringify(config);
  if (!parseConfig(text)) throw new OutcryError('OUTCRY_BAD_OPTION', 'config: too long, or not in ASCII');
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey, d: secretKey }, format: 'jwk' });
  if (createPublicKey(key).export({ format: 'jwk' }).x !== publicKey)
    throw new OutcryError('OUTCRY_BAD_PUBLIC_KEY', 'the secret key does not belong to it');
  return { config: text, signature: sign(null, configMessage(text), key).toString('base64url') };
}

/** What a document says, if it was signed with this key; undefined for anything else. Never throws. */
export function openConfig(document: string, publicKey: string): AgentConfig | undefined {
  const read = parseSignedConfig(document);
  if (!read) return undefined;
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return verify(null, configMessage(read.text), key, read.signature) ? read.config : undefined;
  } catch {
    return undefined;
  }
}
