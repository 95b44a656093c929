/**
 * The journal: what was acknowledged and is not yet in storage, and the dedup keys of the last days. One lmdb file, safe for
 * several processes. A key and its entry are written in one transaction; nobody is answered before its fdatasync.
 */
import { randomBytes } from 'node:crypto';
import { DAY_MS } from '@outcry/protocol';
import { dropSeenBefore, openEnvironment, type Environment } from './environment.js';

export interface JournalOptions {
  /** Entries that may wait for storage. */
  readonly maxEntries: number;
  /** Bytes of entries that may wait for storage. */
  readonly maxBytes: number;
  readonly now?: () => number;
  /** Resolves as `write` does, or later: the place where a test holds the flush back. */
  readonly flush?: (write: Promise<boolean>) => Promise<boolean>;
}

export interface JournalUsage {
  readonly entries: number;
  readonly bytes: number;
}

export interface Journal {
  /** 32 hex digits, made with the journal: the first part of every insert token. */
  readonly id: string;
  readonly environment: Environment;
  /** Whether an envelope with this dedup key was stored here, though perhaps not yet flushed. */
  has(day: number, dedup: Buffer): boolean;
  /** Resolves when all that `has` has seen is on disk. Rejects when the disk fails. */
  confirm(dedup: Buffer): Promise<void>;
  /**
   * Stores an entry unless its dedup key is known. Resolves after the fdatasync.
   *
   * @returns false for a duplicate, which then is on disk, too. Rejects when the disk is full or fails; nothing is stored then.
   */
  add(day: number, dedup: Buffer, entry: Buffer): Promise<boolean>;
  usage(): JournalUsage;
  isFull(): boolean;
  /** Drops dedup keys that are no longer needed. */
  forgetOldDays(): Promise<number[]>;
  close(): Promise<void>;
}

/** Dedup keys are kept this many days: one more than an envelope may be old. */
const KEEP_DAYS = 9;
const SEEN_VALUE = Buffer.of(1);
const USAGE_AGE_MS = 100;

interface TreeStats {
  readonly pageSize: number;
  readonly entryCount: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** Keys that ascend within a process whatever the clock does, and that no two processes share. */
function keyMaker(now: () => number): () => Buffer {
  const process = randomBytes(6);
  let lastMs = 0;
  let counter = 0;
  return () => {
    lastMs = Math.max(lastMs, now());
    const key = Buffer.allocUnsafe(16);
    key.writeUIntBE(lastMs, 0, 6);
    process.copy(key, 6);
    key.writeUInt32BE(counter, 12);
    counter = (counter + 1) >>> 0;
    // Counting through would go back within a millisecond.
    if (counter === 0) lastMs += 1;
    return key;
  };
}

/** What lmdb-js throws carries a second promise; unheard, its rejection would end the process. Gives the error back. */
export function quiet(error: unknown): unknown {
  if (error instanceof Error && 'commitError' in error && error.commitError instanceof Promise) error.commitError.catch(() => undefined);
  return error;
}

/**
 * Opens a journal, or makes it.
 *
 * @param path - the lmdb file; its directory is made when absent.
 */
export async function openJournal(
  path: string,
  { maxEntries, maxBytes, now = Date.now, flush = (write) => write }: JournalOptions,
): Promise<Journal> {
  const environment = openEnvironment(path);
  const { root, queue, meta } = environment;
  await meta.ifNoExists('id', () => void meta.put('id', randomBytes(16)));
  const id = meta.get('id')?.toString('hex') ?? '';
  const nextKey = keyMaker(now);
  const pending = new Map<string, Promise<boolean>>();
  let usage: JournalUsage = { entries: 0, bytes: 0 };
  let usageAtMs = Number.NEGATIVE_INFINITY;

  const measure = (): JournalUsage => {
    const stats = queue.getStats() as TreeStats;
    const pages = stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages;
    return { entries: stats.entryCount, bytes: pages * stats.pageSize };
  };

  const recent = (): JournalUsage => {
    // Reading the tree's header is cheap, but not for every upload.
    if (performance.now() - usageAtMs >= USAGE_AGE_MS) {
      usageAtMs = performance.now();
      usage = measure();
    }
    return usage;
  };

  const confirm = async (dedup: Buffer): Promise<void> => {
    const running = pending.get(dedup.toString('latin1'));
    try {
      // Not written by us just now: another process may have committed it without having flushed. A commit of our own
      // flushes the file, and with it whatever was committed before.
      await (running ?? flush(meta.put('confirmed', dedup)));
    } catch (error) {
      throw quiet(error);
    }
  };

  return {
    id,
    environment,
    has: (day, dedup) => pending.has(dedup.toString('latin1')) || environment.seen(day).doesExist(dedup),
    confirm,
    async add(day, dedup, entry) {
      const name = dedup.toString('latin1');
      const running = pending.get(name);
      if (running !== undefined) {
        await confirm(dedup);
        return false;
      }
      const seen = environment.seen(day);
      const write = flush(
        seen.ifNoExists(dedup, () => {
          void seen.put(dedup, SEEN_VALUE);
          void queue.put(nextKey(), entry);
        }),
      );
      pending.set(name, write);
      let stored: boolean;
      try {
        stored = await write;
      } catch (error) {
        throw quiet(error);
      } finally {
        pending.delete(name);
      }
      if (!stored) await confirm(dedup);
      return stored;
    },
    usage: recent,
    isFull() {
      const { entries, bytes } = recent();
      return entries >= maxEntries || bytes >= maxBytes;
    },
    forgetOldDays: () => dropSeenBefore(environment, Math.floor(now() / DAY_MS) - KEEP_DAYS),
    async close() {
      await Promise.allSettled(pending.values());
      await root.close();
    },
  };
}
