/**
 * The journal: what was acknowledged and is not yet in storage, and the dedup keys of the last days. One lmdb file, safe for
 * several processes. A key and its entry are written in one transaction; nobody is answered before its fdatasync.
 */
import { randomBytes } from 'node:crypto';
import { DAY_MS } from '@outcry/protocol';
import { checkJournalFile, keepJournalFile } from './check-file.js';
import { commitsOf, noRoom, type CommitEvents, type Commits } from './commits.js';
import { forgetBefore, openEnvironment, seenKey, type Environment } from './environment.js';

export interface JournalOptions extends CommitEvents {
  /** Entries that may wait for storage. */
  readonly maxEntries: number;
  /** Bytes of entries that may wait for storage. */
  readonly maxBytes: number;
  readonly now?: () => number;
  /** Whether the disk has room for a commit; asked before each. */
  readonly canWrite?: () => boolean;
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
  /** Through which every commit is made that somebody relies on. */
  readonly commits: Commits;
  /** Whether an envelope with this dedup key was stored here, though perhaps not yet flushed. */
  has(day: number, dedup: Buffer): boolean;
  /** Resolves when all that `has` has seen is on disk. Rejects when the disk fails, or failed and the file is not yet on it again. */
  confirm(dedup: Buffer): Promise<void>;
  /**
   * Stores an entry unless its dedup key is known. Resolves after the fdatasync.
   *
   * @returns false for a duplicate, which then is on disk, too. Rejects when the disk is full or fails, or failed and the file is not yet
   * on it again; the sender has to come back then, whether the entry is there or not.
   */
  add(day: number, dedup: Buffer, entry: Buffer): Promise<boolean>;
  /** Whether the disk has room for a commit; the drainer asks before its own. */
  canWrite(): boolean;
  usage(): JournalUsage;
  isFull(): boolean;
  /** The latest day on which an envelope was sealed that is remembered here; undefined when none is. */
  newestDay(): number | undefined;
  /** Removes dedup keys and releases of days that are no longer needed; resolves with how many of the keys. */
  forgetOldDays(): Promise<number>;
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

/**
 * Opens a journal, or makes it.
 *
 * @param path - the lmdb file; its directory is made when absent.
 * Rejects with `OUTCRY_JOURNAL_DAMAGED`, or what the system says.
 */
export async function openJournal(
  path: string,
  { maxEntries, maxBytes, now = Date.now, canWrite = () => true, flush = (write) => write, ...events }: JournalOptions,
): Promise<Journal> {
  checkJournalFile(path);
  const environment = openEnvironment(path);
  const { root, queue, meta } = environment;
  await meta.ifNoExists('id', () => void meta.put('id', randomBytes(16)));
  const id = meta.get('id')?.toString('hex') ?? '';
  keepJournalFile(path, id);
  const commits = commitsOf({
    ...events,
    path,
    canWrite,
    alone: (work) => {
      root.transactionSync(work);
    },
    settle: () => flush(meta.put('confirmed', randomBytes(16))),
  });
  // An earlier run ended before it could repair what it had to.
  await commits.repair();
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

  /**
   * A commit of our own flushes the file, and with it whatever another process committed before without having flushed it yet.
   */
  const flushAll = (dedup: Buffer): Promise<boolean> => flush(meta.put('confirmed', dedup));

  return {
    id,
    environment,
    commits,
    has: (day, dedup) => pending.has(dedup.toString('latin1')) || environment.seen.doesExist(seenKey(day, dedup)),
    async confirm(dedup) {
      const running = pending.get(dedup.toString('latin1'));
      if (running === undefined && !canWrite()) throw noRoom();
      await (running ?? commits.run(() => flushAll(dedup)));
    },
    async add(day, dedup, entry) {
      const name = dedup.toString('latin1');
      const running = pending.get(name);
      if (running !== undefined) {
        await running;
        return false;
      }
      if (!canWrite()) throw noRoom();
      const { seen } = environment;
      const key = seenKey(day, dedup);
      const write = async (): Promise<boolean> => {
        const isNew = await flush(
          seen.ifNoExists(key, () => {
            void seen.put(key, SEEN_VALUE);
            void queue.put(nextKey(), entry);
          }),
        );
        // Another process was first. Nothing of ours was written then, so nothing of ours was flushed either.
        if (!isNew) await flushAll(dedup);
        return isNew;
      };
      const work = commits.run(write);
      // Whoever waits for this envelope waits for all of it.
      pending.set(name, work);
      try {
        return await work;
      } finally {
        pending.delete(name);
      }
    },
    canWrite,
    usage: recent,
    isFull() {
      const { entries, bytes } = recent();
      return entries >= maxEntries || bytes >= maxBytes;
    },
    newestDay() {
      const [key] = [...environment.seen.getKeys({ reverse: true, limit: 1 })];
      return key?.readUInt16BE();
    },
    async forgetOldDays() {
      const today = Math.floor(now() / DAY_MS);
      await commits.run(() => forgetBefore(root, environment.releases, today - 1));
      return commits.run(() => forgetBefore(root, environment.seen, today - KEEP_DAYS));
    },
    async close() {
      await Promise.allSettled(pending.values());
      await commits.close();
      await root.close();
    },
  };
}
