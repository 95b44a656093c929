/**
 * How far back the series of each host are looked at: four hours, and for a host with a spike that lasts from four hours before it on, within the longest
 * look-back. Of that host alone, so that one long spike does not make every round read a day of all others.
 */
const HOUR_MS = 3_600_000;
export const LOOK_BACK_MS = 4 * HOUR_MS;
export const LONGEST_LOOK_BACK_MS = 26 * HOUR_MS;

interface Lasting {
  readonly project: string;
  readonly host: string;
  readonly startedMs: number;
  /** Null while it lasts. */
  readonly endedMs: number | null;
}

export interface LookBack {
  /** Where the longest of them begins, ms. */
  readonly oldestMs: number;
  readonly fromMs: (of: { readonly project: string; readonly host: string }) => number;
}

/** @param spikes - Those known; those that are over do not count. */
export function lookBack(spikes: readonly Lasting[], nowMs: number): LookBack {
  const usualMs = nowMs - LOOK_BACK_MS;
  const starts = new Map<string, number>();
  for (const { project, host, startedMs, endedMs } of spikes) {
    if (endedMs !== null) continue;
    const key = `${project}\u0000${host}`;
    const fromMs = Math.max(nowMs - LONGEST_LOOK_BACK_MS, startedMs - LOOK_BACK_MS);
    starts.set(key, Math.min(starts.get(key) ?? usualMs, fromMs));
  }
  return {
    oldestMs: Math.min(usualMs, ...starts.values()),
    fromMs: ({ project, host }) => starts.get(`${project}\u0000${host}`) ?? usualMs,
  };
}
