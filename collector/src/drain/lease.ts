/**
 * One drainer per journal: the process that holds the lease and shows, by a number that it counts up, that it is alive. No wall clock is
 * compared: whoever waits for the lease sees by its own monotonic clock how long that number has stood still.
 */
import { randomBytes } from 'node:crypto';
import type { Journal } from '../journal/journal.js';
import { isRunning, ownMark, type ProcessMark } from '../journal/process-identity.js';

export interface Lease {
  /** Takes or renews the lease. Resolves to false while another living process holds it. Rejects when the disk fails. */
  hold(): Promise<boolean>;
  /**
   * Whether the lease stands in the journal as ours. Asked within a transaction, the answer holds until its end. After a no the next
   * `hold` looks again.
   */
  isOurs(): boolean;
  /** Gives it back, so that the next process need not wait. */
  release(): Promise<void>;
}

const KEY = 'drainer';
/** How long a holder may show no sign of life. */
const SILENT_AFTER_MS = 30_000;
const RENEW_MS = 5_000;

interface Holder extends ProcessMark {
  readonly owner: string;
  /** Counted up with each renewal; absent where a version of before wrote it. */
  readonly beat?: number;
}

/** @param now - a monotonic clock in milliseconds, of this process alone. */
export function drainLease(
  { commits, environment: { root, meta } }: Pick<Journal, 'commits' | 'environment'>,
  now: () => number = () => performance.now(),
): Lease {
  const owner = randomBytes(8).toString('hex');
  const mark = ownMark();
  let beat = 0;
  let renewAtMs = Number.NEGATIVE_INFINITY;
  /** The sign of life of another holder that was seen last, and since when it is the same. */
  let seen = '';
  let seenSinceMs = 0;

  const read = (): Holder | undefined => {
    const bytes = meta.get(KEY);
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as Holder);
  };
  const isSilent = (holder: Holder): boolean => {
    const sign = `${holder.owner} ${holder.beat ?? ''}`;
    if (sign !== seen) [seen, seenSinceMs] = [sign, now()];
    return now() - seenSinceMs >= SILENT_AFTER_MS;
  };
  // A dead owner's lease is free at once: a restart after a crash does not wait.
  const isFree = (holder: Holder | undefined): boolean =>
    holder === undefined || holder.owner === owner || !isRunning(holder) || isSilent(holder);

  return {
    async hold() {
      if (now() < renewAtMs) return true;
      // Looking costs no transaction: the workers that do not drain do it all day.
      if (!isFree(read())) return false;
      const held = await commits.run(() =>
        root.transaction(() => {
          const free = isFree(read());
          if (free) void meta.put(KEY, Buffer.from(JSON.stringify({ owner, ...mark, beat: ++beat })));
          return free;
        }),
      );
      if (held) renewAtMs = now() + RENEW_MS;
      return held;
    },
    isOurs() {
      const ours = read()?.owner === owner;
      if (!ours) renewAtMs = Number.NEGATIVE_INFINITY;
      return ours;
    },
    async release() {
      renewAtMs = Number.NEGATIVE_INFINITY;
      await root.transaction(() => {
        if (read()?.owner === owner) void meta.remove(KEY);
      });
    },
  };
}
