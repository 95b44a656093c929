/**
 * The queue's rule: lease, send, delete on success; oldest evicted first, counted; bounded by count, bytes and age. Only sealed
 * bytes enter it. An envelope that cannot be written is kept in memory, which `storage_failed` counts.
 */
import type { Grant } from './grant.js';

const LEASE_MS = 60_000;

export const QUEUE_LIMITS = { count: 200, bytes: 1_000_000, ageMs: 7 * 86_400_000 };

export interface Entry {
  readonly bytes: Uint8Array;
  readonly sealedAtMs: number;
  /** When the first failure in it was seen; null without failures. */
  readonly failedAtMs: number | null;
  /** Failures in it. */
  readonly reports: number;
  readonly tries: number;
  /** Hosts of collectors that failed for it. */
  readonly failed: readonly string[];
  readonly leasedUntilMs: number;
}

export interface Queue {
  /** False when consent is gone. `more` is written in the same transaction. */
  add(key: string, entry: Entry, more?: [string, unknown][]): Promise<boolean>;
  /** All entries, oldest first. Those beyond their age are dropped on the way. */
  list(): Promise<[string, Entry][]>;
  /** False when another sender has it or it is gone. */
  lease(key: string): Promise<boolean>;
  release(key: string, patch: Partial<Entry>): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Whether no sender has it. A lease that lasts longer than any was written by a clock that has been set back since. */
export function isFree({ leasedUntilMs }: Entry, nowMs: number): boolean {
  return leasedUntilMs <= nowMs || leasedUntilMs > nowMs + LEASE_MS;
}

let sequence = 0;

/** Keys sort by time, then by the order in which they were made. */
export function entryKey(sealedAtMs: number, random: () => number): string {
  sequence = (sequence + 1) % 46_656;
  return `e:${sealedAtMs.toString(36).padStart(9, '0')}${sequence.toString(36).padStart(3, '0')}${random().toString(36).slice(2, 8)}`;
}

export function makeQueue(grant: Grant, limits = QUEUE_LIMITS): Queue {
  const { platform } = grant;
  const spare = new Map<string, Entry>();

  async function list(): Promise<[string, Entry][]> {
    const stored = (await platform.store.entries('e:').catch(() => [])) as [string, Entry][];
    return [...stored, ...spare].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  async function remove(key: string): Promise<void> {
    if (!spare.delete(key)) await grant.save([], [key]);
  }

  /** The keys to evict so that an entry of `size` bytes fits, with what they held. */
  async function excess(size: number): Promise<[string, Entry][]> {
    const entries = await list();
    let count = entries.length + 1;
    let bytes = entries.reduce((sum, [, entry]) => sum + entry.bytes.length, size);
    return entries.filter(([, entry]) => {
      if (count <= limits.count && bytes <= limits.bytes) return false;
      count--;
      bytes -= entry.bytes.length;
      return true;
    });
  }

  return {
    async add(key, entry, more = []) {
      const evicted = await excess(entry.bytes.length);
      try {
        const stored = evicted.filter(([old]) => !spare.has(old)).map(([old]) => old);
        if (!(await grant.save([[key, entry], ...more], stored))) return false;
      } catch {
        spare.set(key, entry);
        grant.lose('storage_failed', entry.reports || 1);
      }
      for (const [old, { reports }] of evicted) {
        spare.delete(old);
        grant.lose('queue_full', reports || 1);
      }
      return true;
    },
    async list() {
      const oldest = platform.now() - limits.ageMs;
      const fresh: [string, Entry][] = [];
      for (const [key, entry] of await list()) {
        if (entry.sealedAtMs >= oldest) fresh.push([key, entry]);
        else {
          await remove(key);
          grant.lose('too_old', entry.reports || 1);
        }
      }
      return fresh;
    },
    async lease(key) {
      if (spare.has(key)) return grant.live();
      let got = false;
      const now = platform.now();
      const stands = await grant.update(key, (old) => {
        const entry = old as Entry | undefined;
        got = entry !== undefined && isFree(entry, now);
        return got ? { ...entry, leasedUntilMs: now + LEASE_MS } : entry;
      });
      return stands && got;
    },
    async release(key, patch) {
      const free = (old: unknown): unknown => old && { ...(old as Entry), ...patch, leasedUntilMs: 0 };
      if (spare.has(key)) spare.set(key, free(spare.get(key)) as Entry);
      else await grant.update(key, free);
    },
    remove,
  };
}
