/**
 * The queue's rule: lease, send, delete on success; oldest evicted first, counted; bounded by count, bytes and age. Only sealed
 * bytes enter it. An envelope that cannot be written is kept in memory, which `storage_failed` counts, until it can be.
 * Evicting and counting are one transaction. What an evicted envelope told of earlier losses waits to be told again.
 */
import type { LossReason } from '@outcry/protocol';
import { ENTRY_FORMAT, ENTRY_PREFIX, readEntry, sealedAtOf } from './entry.js';
import type { Entry } from './entry.js';
import type { Grant } from './grant.js';
import { isFree, LEASE_MS } from './leased.js';
import { addLoss, addLosses } from './losses.js';
import type { LossCounts, Losses } from './losses.js';

export const QUEUE_LIMITS = { count: 200, bytes: 1_000_000, ageMs: 7 * 86_400_000 };

/** What is written and deleted in the same transaction. */
export interface Along {
  readonly puts?: [string, unknown][];
  readonly deletes?: readonly string[];
}

export interface Queue {
  /** False when consent is gone. */
  add(key: string, entry: Entry, along?: Along): Promise<boolean>;
  /** All entries, oldest first. Those beyond their age are dropped on the way. Rejects where the store fails and memory holds none. */
  list(): Promise<[string, Entry][]>;
  /** False when another sender has it or it is gone. `alone`: nobody else can have it, whatever its lease says. */
  lease(key: string, alone?: boolean): Promise<boolean>;
  /** It was not delivered. */
  release(key: string, patch: Partial<Entry>): Promise<void>;
  /** It was delivered. */
  remove(key: string): Promise<void>;
  /** It is given up; counts it. */
  drop(key: string, entry: Entry, reason: LossReason): Promise<void>;
}

export interface QueueParts {
  readonly losses: Losses;
  /** Why what does not fit has to go. */
  readonly overflow?: () => LossReason;
  readonly limits?: typeof QUEUE_LIMITS;
}

function lostWith({ failures, losses = {} }: Entry, reason: LossReason, to: LossCounts, back: LossCounts): void {
  addLoss(to, reason, failures || 1);
  addLosses(back, losses);
}

export function makeQueue(grant: Grant, { losses, overflow = () => 'queue_full', limits = QUEUE_LIMITS }: QueueParts): Queue {
  const { platform } = grant;
  const { now } = platform;
  const me = platform.random();
  /** What the store did not take. */
  const spare = new Map<string, Entry>();
  /** What the store did not give up, though it was delivered. */
  const done = new Set<string>();

  async function all(): Promise<[string, Entry][]> {
    const stored = await platform.store.entries(ENTRY_PREFIX).catch((error: unknown) => {
      if (spare.size > 0) return [];
      throw error;
    });
    const entries: [string, Entry][] = [...spare];
    for (const [key, value] of stored) {
      const entry = readEntry(key, value);
      if (done.has(key)) await remove(key);
      else if (entry) entries.push([key, entry]);
      else await dropUnreadable(key, value);
    }
    return entries.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Torn bytes are nobody's. What only another version can read is its own matter, for as long as any version may keep one. */
  async function dropUnreadable(key: string, value: unknown): Promise<void> {
    const isOld = sealedAtOf(key) < now() - limits.ageMs;
    if ((value === undefined || isOld) && (await grant.save([], [key]).catch(() => false)))
      grant.lose(isOld ? 'too_old' : 'storage_failed');
  }

  async function remove(key: string): Promise<void> {
    if (spare.delete(key)) return;
    done.add(key);
    if (await grant.save([], [key]).catch(() => false)) done.delete(key);
  }

  /** The oldest that have to go so that an entry of `size` bytes fits; what is being sent just now goes last. */
  async function excess(size: number): Promise<[string, Entry][]> {
    const entries = await all().catch((): [string, Entry][] => []);
    let count = entries.length + 1;
    let bytes = entries.reduce((sum, [, entry]) => sum + entry.bytes.length, size);
    const waits = ([, entry]: [string, Entry]): boolean => isFree(entry, now());
    return [...entries.filter(waits), ...entries.filter((each) => !waits(each))].filter(([, entry]) => {
      if (count <= limits.count && bytes <= limits.bytes) return false;
      count--;
      bytes -= entry.bytes.length;
      return true;
    });
  }

  /** Writes and deletes together with the counts of what is lost by it. */
  async function saveLosing(lost: LossCounts, back: LossCounts, puts: [string, unknown][], deletes: readonly string[]): Promise<boolean> {
    const counted = new Map(lost);
    addLosses(counted, back);
    const put = losses.put(counted);
    // The counts first: where a write is not one transaction, a crash may count twice, but not forget.
    if (!(await grant.save([...put.puts, ...puts], [...deletes]))) return false;
    put.written();
    for (const [reason, count] of lost) grant.emit({ kind: 'dropped', reason, count });
    return true;
  }

  /** Room again: what the store did not take before. */
  async function saveSpare(): Promise<void> {
    for (const [key, entry] of spare) {
      if (!(await grant.save([[key, entry]]))) return;
      spare.delete(key);
    }
  }

  async function drop(key: string, entry: Entry, reason: LossReason): Promise<void> {
    const lost: LossCounts = new Map();
    const back: LossCounts = new Map();
    lostWith(entry, reason, lost, back);
    const wasSpare = spare.delete(key);
    try {
      await saveLosing(lost, back, [], [key]);
    } catch {
      if (!wasSpare) done.add(key);
      loseNow(entry, reason);
    }
  }

  /** One that only tells of losses would make one more to tell, without end. */
  function countUnkept({ failures, losses: told }: Entry): void {
    if (failures > 0 || !told) grant.lose('storage_failed', failures || 1);
  }

  function loseNow({ failures, losses: told = {} }: Entry, reason: LossReason): void {
    grant.lose(reason, failures || 1);
    for (const [earlier, count] of Object.entries(told)) losses.add(earlier as LossReason, count);
  }

  return {
    async add(key, entry, { puts = [], deletes = [] } = {}) {
      const evicted = await excess(entry.bytes.length);
      const lost: LossCounts = new Map();
      const back: LossCounts = new Map();
      for (const [, old] of evicted) lostWith(old, overflow(), lost, back);
      const gone = [...evicted.map(([old]) => old).filter((old) => !spare.has(old)), ...deletes];
      try {
        if (!(await saveLosing(lost, back, [[key, { format: ENTRY_FORMAT, ...entry }], ...puts], gone))) return false;
        if (platform.store.inMemory?.(key)) countUnkept(entry);
        for (const [old] of evicted) spare.delete(old);
        await saveSpare().catch(() => undefined);
      } catch {
        // A full disk still deletes.
        await grant.save([], [...deletes]).catch(() => undefined);
        for (const [old, held] of evicted)
          if (spare.delete(old) || (await grant.save([], [old]).catch(() => false))) loseNow(held, overflow());
        spare.set(key, entry);
        countUnkept(entry);
      }
      return grant.live();
    },
    async list() {
      const oldest = now() - limits.ageMs;
      const fresh: [string, Entry][] = [];
      for (const [key, entry] of await all())
        if (entry.sealedAtMs >= oldest) fresh.push([key, entry]);
        else await drop(key, entry, 'too_old');
      return fresh;
    },
    async lease(key, alone = false) {
      if (spare.has(key)) return grant.live();
      const lease = { got: false, ranOut: false };
      const take = (old: unknown): unknown => {
        const nowMs = now();
        const entry = readEntry(key, old);
        lease.got = entry !== undefined && (alone || isFree(entry, nowMs));
        if (!entry || !lease.got) return old;
        lease.ranOut = entry.leasedUntilMs > 0;
        return { ...entry, leasedUntilMs: nowMs + LEASE_MS, leasedBy: me };
      };
      // A full disk takes no lease. Sent twice at worst, which collectors count once.
      const stands = await grant.update(key, take).catch(() => (lease.got = grant.live()));
      // Its sender died or slept before it knew the answer.
      if (stands && lease.ranOut) grant.lose('lease_lost');
      return stands && lease.got;
    },
    async release(key, patch) {
      const kept = spare.get(key);
      if (kept) {
        spare.set(key, { ...kept, ...patch });
        return;
      }
      const lease = { mine: false };
      await grant
        .update(key, (old) => {
          lease.mine = (old as Partial<Entry> | undefined)?.leasedBy === me;
          return lease.mine ? { ...(old as Entry), ...patch, leasedUntilMs: 0 } : old;
        })
        .then((stands) => stands && !lease.mine && grant.lose('lease_lost'))
        .catch(() => undefined);
    },
    remove,
    drop,
  };
}
