/** One drainer per journal: the process that holds the lease, which it has to renew. */
import { randomBytes } from 'node:crypto';
import type { Journal } from '../journal/journal.js';
import { isRunning, ownMark, type ProcessMark } from '../journal/process-identity.js';

export interface Lease {
  /** Takes or renews the lease. Resolves to false while another living process holds it. Rejects when the disk fails. */
  hold(): Promise<boolean>;
  /** Gives it back, so that the next process need not wait. */
  release(): Promise<void>;
}

const KEY = 'drainer';
const LEASE_MS = 30_000;
const RENEW_MS = 5_000;

interface Holder extends ProcessMark {
  readonly owner: string;
  readonly untilMs: number;
}

/** @param now - wall clock in milliseconds; the lease crosses processes. */
export function drainLease({ environment: { root, meta } }: Journal, now: () => number = Date.now): Lease {
  const owner = randomBytes(8).toString('hex');
  const mark = ownMark();
  let renewAtMs = Number.NEGATIVE_INFINITY;
  const read = (): Holder | undefined => {
    const bytes = meta.get(KEY);
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as Holder);
  };
  // A dead owner's lease is free at once: a restart after a crash does not wait.
  const isFree = (holder: Holder | undefined): boolean =>
    holder === undefined || holder.owner === owner || holder.untilMs <= now() || !isRunning(holder);
  return {
    async hold() {
      if (now() < renewAtMs) return true;
      // Looking costs no transaction: the workers that do not drain do it all day.
      if (!isFree(read())) return false;
      const held = await root.transaction(() => {
        const free = isFree(read());
        if (free) void meta.put(KEY, Buffer.from(JSON.stringify({ owner, ...mark, untilMs: now() + LEASE_MS })));
        return free;
      });
      if (held) renewAtMs = now() + RENEW_MS;
      return held;
    },
    async release() {
      renewAtMs = Number.NEGATIVE_INFINITY;
      await root.transaction(() => {
        if (read()?.owner === owner) void meta.remove(KEY);
      });
    },
  };
}
