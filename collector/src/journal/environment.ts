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
  seen(day: number): BinaryDatabase;
}

const SEEN = 'seen/';
/** Ten days of dedup keys, those being dropped, and the four others. */
const MAX_DATABASES = 32;

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
  const days = new Map<number, BinaryDatabase>();
  return {
    root,
    queue: binary('queue'),
    batches: root.openDB<Buffer, number>({ name: 'batches', encoding: 'binary' }),
    quarantine: root.openDB<Buffer, string>({ name: 'quarantine', encoding: 'binary' }),
    meta: root.openDB<Buffer, string>({ name: 'meta', encoding: 'binary' }),
    seen(day) {
      let database = days.get(day);
      if (database === undefined) days.set(day, (database = binary(`${SEEN}${day}`)));
      return database;
    },
  };
}

/**
 * Drops the dedup keys of days before `firstDay`, whose envelopes are refused as stale.
 *
 * @returns the days dropped.
 */
export async function dropSeenBefore(environment: Environment, firstDay: number): Promise<number[]> {
  const days = [...environment.root.getKeys()]
    .filter((name) => typeof name === 'string' && name.startsWith(SEEN))
    .map((name) => Number(name.slice(SEEN.length)))
    .filter((day) => day < firstDay);
  for (const day of days) await environment.seen(day).drop();
  return days;
}
