/** The files that secret keys rest in: readable by their owner alone, never overwritten. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutcryError } from '@outcry/protocol';
import { makeRecipientKey } from '@outcry/protocol/open';
import type { Config } from './config/schema.js';

export interface RecipientKey {
  /** base64url, 32 bytes. */
  readonly publicKey: string;
  /** base64url, 32 bytes. */
  readonly secretKey: string;
}

/** Where a key is kept that no setting names. */
export const keyFileOf = (dataDir: string): string => join(dataDir, 'recipient-key.json');

/**
 * Writes a key pair with mode 0600.
 *
 * @param key - A new recipient key when left out.
 *
 * Throws the system's error: `EEXIST` when the file is there already.
 */
export function writeNewKey(file: string, key: RecipientKey = makeRecipientKey()): RecipientKey {
  const text = `${JSON.stringify({ public_key: key.publicKey, secret_key: key.secretKey }, null, 2)}\n`;
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  // The mode above is narrowed by the umask only; this makes it exact.
  chmodSync(file, 0o600);
  return key;
}

/**
 * Reads one key file.
 *
 * Throws `OUTCRY_BAD_CONFIG` naming the file, never its content.
 */
export function readKey(file: string): RecipientKey {
  let value: { public_key?: unknown; secret_key?: unknown };
  try {
    value = JSON.parse(readFileSync(file, 'utf8')) as typeof value;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OutcryError('OUTCRY_BAD_CONFIG', `the key file ${file} ${code === undefined ? 'is not JSON' : `cannot be read (${code})`}`);
  }
  const isKey = (text: unknown): text is string => typeof text === 'string' && /^[0-9A-Za-z_-]{43}$/.test(text);
  if (!isKey(value.public_key) || !isKey(value.secret_key)) {
    throw new OutcryError('OUTCRY_BAD_CONFIG', `the key file ${file} does not hold public_key and secret_key of 43 characters each`);
  }
  return { publicKey: value.public_key, secretKey: value.secret_key };
}

/**
 * The keys that the collectors of this configuration hold, the first being the one to give to apps.
 *
 * @param make - Whether a missing key of the data directory is made.
 * Throws `OUTCRY_BAD_CONFIG` naming the file that is missing or wrong.
 */
export function loadKeys(config: Config, { make }: { make: boolean }): RecipientKey[] {
  if (config.collector.key_files.length > 0) return config.collector.key_files.map(readKey);
  const file = keyFileOf(config.data_dir);
  if (existsSync(file)) return [readKey(file)];
  if (make) return [writeNewKey(file)];
  throw new OutcryError(
    'OUTCRY_BAD_CONFIG',
    `there is no recipient key at ${file}: copy the first collector's, or make one with \`outcry keygen\``,
  );
}
