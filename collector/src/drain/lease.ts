/** One drainer per journal: the process that holds the lease, which it has to renew. */
import { randomBytes } from 'node:crypto';
import type { Journal } from '../journal/journal.js';

export interface Lease {
  /** Takes or renews the lease. Resolves to false while another living process holds it. Rejects when the disk fails. */
  hold(): Promise<boolean>;
  /** Gives it back, so that the next process need not wait. */
  release(): Promise<void>;
}

const KEY = 'drainer';
const LEASE_MS = 30_000;
const RENEW_MS = 5_000;

interface Holder {
  readonly owner: string;
  readonly pid: number;
  readonly untilMs: number;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** @param now - wall clock in milliseconds; the lease crosses processes. */
export function drainLease({ environment: { root, meta } }: Journal, now: () => number = Date.now): Lease {
  const owner = randomBytes(8).toString('hex');
  let renewAtMs = Number.NEGATIVE_INFINITY;
  const read = (): Holder | undefined => {
    const bytes = meta.get(KEY);
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as Holder);
  };
  return {
    async hold() {
      if (now() < renewAtMs) return true;
      const held = await root.transaction(() => {
        const holder = read();
        // A dead owner's lease is free at once: a restart after a crash does not wait.
        const free = holder === undefined || holder.owner === owner || holder.untilMs <= now() || !isAlive(holder.pid);
        if (free) void meta.put(KEY, Buffer.from(JSON.stringify({ owner, pid: process.pid, untilMs: now() + LEASE_MS })));
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
