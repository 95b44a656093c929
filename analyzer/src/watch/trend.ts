/**
 * Whether a spike that lasts is growing or going back, from the series that it was found in.
 *
 * The last two minutes are set beside the two before and beside the two worst, each per what was to be expected of them, so that load and
 * reports still on their way do not count as change. Both differences must be large and beyond chance (Poisson, with the uncertainty of
 * the stretch that is compared with). Pure.
 */
import type { Spike } from '../detect/series.js';
import { lowerTail, upperTail } from '../detect/tails.js';
import type { Walk } from '../detect/walk.js';

const WIDTH_MS = 120_000;
const LEAST_BINS = 2;
const BEYOND_CHANCE = 0.01;
const GROWN = 1.5;
const FALLEN = 0.5;

export interface Trend {
  /** Failing clients of the last stretch ÷ what the stretch before, and the worst one, would let expect. */
  readonly toBefore: number;
  readonly toWorst: number;
  readonly rises: boolean;
  readonly falls: boolean;
}

interface Stretch {
  readonly failures: number;
  readonly mean: number;
}

/** @returns Undefined while the spike is too young to be compared with itself. */
export function trendOf({ startMs }: Pick<Spike, 'startMs'>, seriesStartMs: number, walked: Walk): Trend | undefined {
  const { bins, binMs, mean } = walked;
  const width = Math.max(LEAST_BINS, Math.round(WIDTH_MS / binMs));
  const first = Math.max(0, Math.round((startMs - seriesStartMs) / binMs));
  const stretch = (from: number): Stretch => {
    let [failures, expected] = [0, 0];
    for (let i = from; i < from + width; i++) {
      const x = bins.failures[i] ?? NaN;
      if (Number.isNaN(x)) continue;
      failures += x;
      expected += mean[i] ?? 0;
    }
    return { failures, mean: expected };
  };
  const now = stretch(bins.count - width);
  if (bins.count - 2 * width < first || !(now.mean > 0)) return undefined;
  const before = stretch(bins.count - 2 * width);
  const known = (i: number): boolean => !Number.isNaN(bins.failures[i] ?? NaN);
  let worst = now;
  let { failures, mean: expected } = stretch(first);
  for (let from = first; from + width <= bins.count; from++) {
    if (from > first) {
      const [gone, come] = [from - 1, from + width - 1];
      failures += (known(come) ? (bins.failures[come] ?? 0) : 0) - (known(gone) ? (bins.failures[gone] ?? 0) : 0);
      expected += (known(come) ? (mean[come] ?? 0) : 0) - (known(gone) ? (mean[gone] ?? 0) : 0);
    }
    if (expected > 0 && failures * worst.mean > worst.failures * expected) worst = { failures, mean: expected };
  }
  const [ofBefore, ofWorst] = [scaled(before, now.mean), scaled(worst, now.mean)];
  return {
    toBefore: now.failures / Math.max(ofBefore.mean, 1e-9),
    toWorst: now.failures / Math.max(ofWorst.mean, 1e-9),
    rises: now.failures >= GROWN * ofBefore.mean && upperTail(now.failures, ofBefore.mean, ofBefore.variance) < BEYOND_CHANCE,
    falls: now.failures <= FALLEN * ofWorst.mean && lowerTail(now.failures, ofWorst.mean, ofWorst.variance) < BEYOND_CHANCE,
  };
}

/** What a stretch lets expect of another, and how surely. */
function scaled({ failures, mean }: Stretch, ofMean: number): { mean: number; variance: number } {
  const factor = mean > 0 ? ofMean / mean : 1;
  const expected = factor * Math.max(failures, 0.5);
  return { mean: expected, variance: expected + (expected * expected) / Math.max(failures, 0.5) };
}
