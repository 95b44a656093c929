/** Whether detection sees anything: rounds may fail, but they may also hang or crawl without failing. Pure. */

/** Rounds that do not succeed for so long are worth an alert: nothing would be found. A round that takes longer crawls. */
export const BLIND_MS = 2 * 60_000;

/** Why nothing is seen, and since when. */
export interface Degraded {
  /** `detection_stalled`: no round fails, but none finishes in time either. */
  readonly code: 'storage_unavailable' | 'internal_error' | 'detection_stalled';
  readonly sinceMs: number;
}

/** What the loop knows of its rounds. */
export interface Rounds {
  /** The failure since the last round that succeeded; null without one. */
  readonly failure: Degraded | null;
  /** When the last round that succeeded ended, or the loop began where none did. */
  readonly lastMs: number;
  /** Time since then, ms, by a clock that nobody sets. */
  readonly quietMs: number;
  /** Since when each round that succeeded took longer than `BLIND_MS`; null where the last one was quick enough. */
  readonly slowSinceMs: number | null;
}

/**
 * @param intervalMs - Time from the start of one round to the next, which may be longer than `BLIND_MS`.
 * @returns Why nothing is seen; null while all is well, or not long enough wrong. Rounds that crawl stay stalled from one to the next.
 */
export function degradedOf({ failure, lastMs, quietMs, slowSinceMs }: Rounds, intervalMs: number): Degraded | null {
  if (failure !== null) return failure;
  if (slowSinceMs !== null) return { code: 'detection_stalled', sinceMs: slowSinceMs };
  return quietMs > BLIND_MS + intervalMs ? { code: 'detection_stalled', sinceMs: lastMs } : null;
}
