/**
 * The lmdb environment of a journal and its databases. Two settings are not lmdb-js's defaults, for reasons that were measured:
 *
 * - Without `eventTurnBatching` a failed commit (disk full) rejects only promises that we hold; with it an inner promise is
 *   rejected that nobody can catch, which ends a Node process. A high `txnStartThreshold` gives the same batching back.
 * - `overlappingSync` stays on: a write's promise resolves after the fdatasync of its commit (seen with strace).
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { open, type Database, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';

/** Binary keys and values. */
export type BinaryDatabase = Database<Buffer, Buffer>;
export type NamedDatabase = Database<Buffer, string>;

export interface Environment {
  readonly root: RootDatabase<Buffer, string>;
  /** Entries waiting for storage, by time, process and counter. */
  readonly queue: BinaryDatabase;
  /** Lists of entries that are being inserted, by batch number. */
  readonly batches: Database<Buffer, number>;
  /** Rows that storage refuses for what they are. */
  readonly quarantine: NamedDatabase;
  readonly meta: NamedDatabase;
  /** Dedup keys behind the day (2 bytes) that their envelopes were sealed on. */
  readonly seen: BinaryDatabase;
  /** Releases behind the day (2 bytes) on which they came and their project. */
  readonly releases: BinaryDatabase;
}

const MAX_DATABASES = 8;
/** Keys removed in one transaction, so that uploads get their turn between. */
const FORGET_AT_ONCE = 2_000;

/** @param path - file of the journal; its directory is made with mode 0700. */
export function openEnvironment(path: string): Environment {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const options: RootDatabaseOptionsWithPath & { txnStartThreshold: number } = {
    path,
    noSubdir: true,
    encoding: 'binary',
    maxDbs: MAX_DATABASES,
    eventTurnBatching: false,
    txnStartThreshold: 1000,
  };
  const root = open<Buffer, string>(options);
  const binary = (name: string): BinaryDatabase => root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
  return {
    root,
    queue: binary('queue'),
    batches: root.openDB<Buffer, number>({ name: 'batches', encoding: 'binary' }),
    quarantine: root.openDB<Buffer, string>({ name: 'quarantine', encoding: 'binary' }),
    meta: root.openDB<Buffer, string>({ name: 'meta', encoding: 'binary' }),
    seen: binary('seen'),
    releases: binary('releases'),
  };
}

/** The key in `seen` of a dedup key, behind all of earlier days. */
export function seenKey(day: number, dedup: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(2 + dedup.length);
  key.writeUInt16BE(day);
  key.set(dedup, 2);
  return key;
}

/**
 * Removes what stands in a database behind days before `firstDay`. A database per day could be dropped at once, but the handles that
 * other processes hold of it would outlive it.
 *
 * @returns how many keys were removed.
 */
export async function forgetBefore(root: Environment['root'], database: BinaryDatabase, firstDay: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const keys = [...database.getKeys({ end: seenKey(Math.max(0, firstDay), Buffer.of()), limit: FORGET_AT_ONCE })].map((key) =>
      Buffer.from(key),
    );
    if (keys.length === 0) return removed;
    await root.batch(() => {
      for (const key of keys) void database.remove(key);
    });
    removed += keys.length;
  }
}
