/** The identities that rows get: the same for every copy of a report, whichever collector it reached. */
import { hash } from 'node:crypto';
import { HEADER_BYTES } from './envelope.js';

const sha256 = (data: Uint8Array): Buffer => hash('sha256', data, 'buffer');
/** Text costs half of what a Buffer costs, which has memory of its own outside of V8's. */
const first8 = (data: Uint8Array): bigint => BigInt(`0x${hash('sha256', data, 'hex').slice(0, 16)}`);

/** SHA-256 of an envelope's bytes 0..87, first 16 bytes: equal only for retries of the same envelope. */
export function dedupKey(bytes: Uint8Array): Buffer {
  return sha256(bytes.subarray(0, HEADER_BYTES)).subarray(0, 16);
}

/**
 * The id of one record: first 8 bytes, big endian, of SHA-256(dedup key ‖ u16be section ‖ u16be index).
 *
 * @param section - The record's place in the body: 3 failures, 4 attempts, 5 deliveries, 6 losses, 7 consents.
 * @param index - 0 … 63, its place in the section.
 */
export function reportId(dedup: Uint8Array, section: 3 | 4 | 5 | 6 | 7, index: number): bigint {
  const data = Buffer.allocUnsafe(20);
  data.set(dedup);
  data.writeUInt16BE(section, 16);
  data.writeUInt16BE(index, 18);
  return first8(data);
}

/**
 * A device's pseudonym of one day: first 8 bytes, big endian, of SHA-256(u16be UTC day ‖ signer key).
 *
 * @param day - Days since the epoch, from the envelope's header.
 * @param signerKey - 32 bytes.
 */
export function signerId(day: number, signerKey: Uint8Array): bigint {
  const data = Buffer.allocUnsafe(34);
  data.writeUInt16BE(day);
  data.set(signerKey, 2);
  return first8(data);
}
