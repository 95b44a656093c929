/**
 * One journal entry: a receipt in fixed places, and behind it a checked body as it travelled (CBOR, positional). No field names and no
 * texts of choices are stored, and records written before a field was appended to its table stay readable. Holds no address.
 */
import type { Crowd } from '@outcry/storage';

export interface JournalEntry {
  /** Seconds since the epoch, not yet floored. */
  readonly receivedAtS: number;
  /** UTC day number from the envelope's header. */
  readonly sealedDay: number;
  /** 16 bytes. */
  readonly dedup: Uint8Array;
  readonly signer: bigint;
  /** ASCII, at most 255 characters. */
  readonly network: string;
  /** Two ASCII characters. */
  readonly country: string;
  /** Seconds to add to the device's times; null when its clock could not be compared. */
  readonly offsetS: number | null;
  readonly development: boolean;
  /** How the signer stood among the failing ones of its address prefix. */
  readonly crowd: Crowd;
  /** Rows that the entry becomes, over all tables: of a development project only failures are stored. */
  readonly rows: number;
  /** A body of which every value was checked: it may hold nothing that was not understood. */
  readonly body: Uint8Array;
}

/** 1 was a CBOR array of everything. */
const ENTRY_VERSION = 2;
const DEVELOPMENT = 1;
const HAS_OFFSET = 2;
/** Two bits behind the others: 0 in entries of before. */
const CROWD_SHIFT = 2;
const CROWD_OF: readonly Crowd[] = ['', 'first', 'few', 'many'];
const AT = {
  version: 0,
  flags: 1,
  day: 2,
  received: 4,
  offset: 8,
  signer: 16,
  dedup: 24,
  rows: 40,
  networkLength: 42,
  country: 43,
  network: 45,
};

/** The bytes of an entry. Never throws for values of the stated bounds. */
export function packEntry(entry: JournalEntry): Buffer {
  const { network, body, offsetS } = entry;
  const bytes = Buffer.allocUnsafe(AT.network + network.length + body.length);
  bytes[AT.version] = ENTRY_VERSION;
  bytes[AT.flags] =
    (entry.development ? DEVELOPMENT : 0) | (offsetS === null ? 0 : HAS_OFFSET) | (CROWD_OF.indexOf(entry.crowd) << CROWD_SHIFT);
  bytes.writeUInt16BE(entry.sealedDay, AT.day);
  bytes.writeUInt32BE(entry.receivedAtS, AT.received);
  bytes.writeDoubleBE(offsetS ?? 0, AT.offset);
  bytes.writeBigUInt64BE(entry.signer, AT.signer);
  bytes.set(entry.dedup, AT.dedup);
  bytes.writeUInt16BE(entry.rows, AT.rows);
  bytes[AT.networkLength] = network.length;
  bytes.write(entry.country, AT.country, 2, 'latin1');
  bytes.write(network, AT.network, 'latin1');
  bytes.set(body, AT.network + network.length);
  return bytes;
}

/** The entry that `packEntry` wrote; `dedup` and `body` are views of the bytes. Throws when the bytes are of another version. */
export function unpackEntry(bytes: Buffer): JournalEntry {
  const flags = bytes.readUInt8(AT.flags);
  const version = bytes.readUInt8(AT.version);
  if (version !== ENTRY_VERSION) throw new Error(`journal entry of version ${version}`);
  const bodyAt = AT.network + bytes.readUInt8(AT.networkLength);
  return {
    receivedAtS: bytes.readUInt32BE(AT.received),
    sealedDay: bytes.readUInt16BE(AT.day),
    dedup: bytes.subarray(AT.dedup, AT.rows),
    signer: bytes.readBigUInt64BE(AT.signer),
    network: bytes.toString('latin1', AT.network, bodyAt),
    country: bytes.toString('latin1', AT.country, AT.network),
    offsetS: (flags & HAS_OFFSET) === 0 ? null : bytes.readDoubleBE(AT.offset),
    development: (flags & DEVELOPMENT) !== 0,
    crowd: CROWD_OF[(flags >> CROWD_SHIFT) & 3] ?? '',
    rows: bytes.readUInt16BE(AT.rows),
    body: bytes.subarray(bodyAt),
  };
}
