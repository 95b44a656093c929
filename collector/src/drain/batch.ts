/**
 * Batches: lists of journal entries that are inserted together. A list is on disk before its first insert and never changes,
 * so that after any crash the same rows go out under the same tokens.
 */
import { Encoder } from 'cbor-x';
import type { RowTable } from '@outcry/storage';
import { packEntry, unpackEntry, type JournalEntry } from '../journal/entry.js';
import type { Journal } from '../journal/journal.js';
import type { Lease } from './lease.js';

export interface Batch {
  /** Counts up within a journal for ever. */
  readonly number: number;
  readonly keys: readonly Buffer[];
  readonly entries: readonly JournalEntry[];
  /** Tables whose rows are in storage already. */
  readonly done: readonly RowTable[];
  /** Entries that cannot be read, by key; they are put aside with the removal of the batch. */
  readonly unreadable: ReadonlyMap<string, Buffer>;
  /** Whether it ended at its number of rows or bytes: more may wait behind it. */
  readonly isFull: boolean;
}

export interface PoisonRow {
  readonly table: RowTable;
  readonly token: string;
  readonly row: unknown;
  readonly atMs: number;
}

const KEY_BYTES = 16;
/** Of entries in one batch: an envelope of few rows may still be long, and a batch is in memory whole. */
const MAX_BATCH_BYTES = 8 * 1024 ** 2;
const LAST_BATCH = 'batch';
const coder = new Encoder({ useRecords: false, tagUint8Array: false, variableMapSize: true, mapsAsObjects: true });

interface StoredBatch {
  readonly keys: Uint8Array;
  readonly done: readonly RowTable[];
}

/** An entry that this version cannot read becomes undefined; it was written by a newer one, or its bytes are damaged. */
function tryUnpack(value: Buffer): JournalEntry | undefined {
  try {
    return unpackEntry(value);
  } catch {
    return undefined;
  }
}

function readBatch({ environment }: Journal, number: number, stored: StoredBatch): Batch {
  const keys: Buffer[] = [];
  const entries: JournalEntry[] = [];
  const unreadable = new Map<string, Buffer>();
  const all = Buffer.from(stored.keys);
  for (let at = 0; at < all.length; at += KEY_BYTES) {
    const key = all.subarray(at, at + KEY_BYTES);
    const value = environment.queue.get(key);
    keys.push(key);
    if (value === undefined) continue;
    const entry = tryUnpack(value);
    if (entry === undefined) unreadable.set(key.toString('hex'), value);
    else entries.push(entry);
  }
  return { number, keys, entries, done: stored.done, unreadable, isFull: true };
}

/** The batch that a crash or a closing left unfinished. */
export function unfinishedBatch(journal: Journal): Batch | undefined {
  for (const { key, value } of journal.environment.batches.getRange({ limit: 1 })) {
    return readBatch(journal, key, coder.decode(value) as StoredBatch);
  }
  return undefined;
}

/**
 * Cuts a batch from the head of the queue and commits its list. The number is taken, and the list written, in one transaction that
 * finds the lease ours and no list there: what was read of the queue still stands then, since only holders take from it.
 *
 * @param maxRows - the batch ends with the entry that reaches this number of rows, or 8 MiB.
 * @returns undefined when the queue is empty, or another process drains meanwhile. Rejects when the disk fails.
 */
export async function cutBatch(
  { commits, environment: { root, queue, batches, meta } }: Journal,
  lease: Pick<Lease, 'isOurs'>,
  maxRows: number,
): Promise<Batch | undefined> {
  const keys: Buffer[] = [];
  const entries: JournalEntry[] = [];
  const unreadable = new Map<string, Buffer>();
  let rows = 0;
  let bytes = 0;
  const isFull = (): boolean => rows >= maxRows || bytes >= MAX_BATCH_BYTES;
  for (const { key, value } of queue.getRange({})) {
    const entry = tryUnpack(value);
    // The bytes belong to the cursor.
    keys.push(Buffer.from(key));
    bytes += value.length;
    rows += Math.max(1, entry?.rows ?? 0);
    if (entry === undefined) unreadable.set(key.toString('hex'), Buffer.from(value));
    else entries.push(entry);
    if (isFull()) break;
  }
  if (keys.length === 0) return undefined;
  const list = coder.encode({ keys: Buffer.concat(keys), done: [] });
  const number = await commits.run(() =>
    root.transaction(() => {
      if (!lease.isOurs() || batches.getKeysCount({ limit: 1 }) > 0) return undefined;
      const last = meta.get(LAST_BATCH);
      const next = (last === undefined ? 0 : last.readUIntBE(0, 6)) + 1;
      const counter = Buffer.alloc(6);
      counter.writeUIntBE(next, 0, 6);
      // The counter first: should the list not be written, a number is left out, and none is given twice.
      void meta.put(LAST_BATCH, counter);
      void batches.put(next, list);
      return next;
    }),
  );
  if (number === undefined) return undefined;
  return { number, keys, entries, done: [], unreadable, isFull: isFull() };
}

/** Notes that a table's rows are in storage, with those that storage refused. Rejects when the disk fails. */
export async function markDone(
  { commits, environment }: Journal,
  batch: Batch,
  table: RowTable,
  poison: readonly PoisonRow[],
): Promise<Batch> {
  const { root, batches, quarantine } = environment;
  const done = [...batch.done, table];
  await commits.run(() =>
    root.batch(() => {
      void batches.put(batch.number, coder.encode({ keys: Buffer.concat(batch.keys), done }));
      poison.forEach((row, index) => void quarantine.put(`${String(batch.number).padStart(12, '0')}:${table}:${index}`, coder.encode(row)));
    }),
  );
  return { ...batch, done };
}

/** Puts aside entries whose bodies turned out to be damaged. Rejects when the disk fails. */
export async function quarantineEntries(
  { commits, environment: { root, quarantine } }: Journal,
  entries: readonly JournalEntry[],
): Promise<void> {
  await commits.run(() =>
    root.batch(() => {
      for (const entry of entries) void quarantine.put(`entry:${Buffer.from(entry.dedup).toString('hex')}`, packEntry(entry));
    }),
  );
}

/** Removes a batch whose rows are all in storage, list and entries in one transaction, and puts aside what could not be read. Rejects when the disk fails. */
export async function removeBatch({ commits, environment }: Journal, { number, keys, unreadable }: Batch): Promise<void> {
  const { root, queue, batches, quarantine } = environment;
  await commits.run(() =>
    root.batch(() => {
      for (const [name, value] of unreadable) void quarantine.put(`entry:${name}`, value);
      for (const key of keys) void queue.remove(key);
      void batches.remove(number);
    }),
  );
}
