/** Counts drawn for tests of the detector: the same on every run. */
import type { Series } from '../../../analyzer/src/detect/series.js';
import { poisson } from '../../../cli/src/simulator/random.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** A Monday. */
export const START_MS = Date.UTC(2026, 0, 5);

/** mulberry32: 0 <= x < 1. */
export function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** So many bins with this mean. */
export function quiet(bins: number, mean: number, seed = 1): number[] {
  const random = seeded(seed);
  return Array.from({ length: bins }, () => poisson(random, mean));
}

export const repeat = <T>(times: number, value: T): T[] => new Array<T>(times).fill(value);

export const seriesOf = (failures: Series['failures'], binMs = 10_000, parts: Partial<Series> = {}): Series => ({
  startMs: START_MS,
  binMs,
  failures,
  ...parts,
});
