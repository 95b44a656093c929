/** The shape of a day and a week, learnt from an older and coarser series. */
import { binsOf } from './series.js';
import type { Series } from './series.js';

const DAY_MS = 86_400_000;
/** Failures that the history needs at a time of day before its shape is believed; below, the shape is drawn to 1. */
const PRIOR_FAILURES = 20;
const BOUNDS = [0.5, 4] as const;

/** The median, so that one day's outage does not become the habit of that hour; of fewer than three days the mean. */
function typical(rates: readonly number[]): number {
  if (rates.length < 3) return rates.reduce((sum, r) => sum + r, 0) / Math.max(1, rates.length);
  const sorted = [...rates].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/**
 * How much more (> 1) or less (< 1) is usual at a time than on average of the history, from the same hour on earlier days.
 *
 * @param history - Older series, bins of at most a day; bins at or after the asked time are not read.
 * @returns A function of a time in ms to a factor within [0.5, 4]; 1 where the history says nothing. Never throws.
 */
export function seasonOf(history: Series | undefined): (atMs: number) => number {
  if (history === undefined || history.failures.length === 0 || !(history.binMs > 0)) return () => 1;
  const bins = binsOf(history);
  const cache = new Map<number, number>();
  const compute = (slotMs: number): number => {
    const same: number[] = [];
    let sameExposure = 0;
    let all = 0;
    let allExposure = 0;
    for (const bin of bins) {
      if (bin.failures === null || bin.startMs + history.binMs > slotMs) continue;
      all += bin.failures;
      allExposure += bin.exposure;
      if ((slotMs - bin.startMs) % DAY_MS >= history.binMs) continue; // not the same time of day
      same.push(bin.failures / bin.exposure);
      sameExposure += bin.exposure;
    }
    if (sameExposure === 0 || all === 0) return 1;
    const usual = all / allExposure;
    const factor = (typical(same) * sameExposure + PRIOR_FAILURES) / (usual * sameExposure + PRIOR_FAILURES);
    return Math.min(BOUNDS[1], Math.max(BOUNDS[0], factor));
  };
  return (atMs) => {
    const slotMs = Math.floor(atMs / history.binMs) * history.binMs;
    const known = cache.get(slotMs);
    if (known !== undefined) return known;
    const factor = compute(slotMs);
    cache.set(slotMs, factor);
    return factor;
  };
}
