import type { DetectOptions, Expectation, Series } from './series.js';
import { lowerQuantile, lowerTail, upperQuantile, upperTail } from './tails.js';
import { walk } from './walk.js';

/** Each edge of the band leaves out this share. */
const BAND_TAIL = 0.025;

/**
 * What was to be expected of each bin, from bins before it only: the band on the page, and the dip test (lower tail).
 *
 * @param series - Failing clients (or, for the dip test, requests) per bin. @param options - As of `detect`; both must be equal for
 * the band and the spikes to agree.
 * @returns One entry per bin, in order. What is said of a bin does not change when later bins are added. Never throws.
 * Source and assumptions: docs/detection.md.
 */
export function expect(series: Series, options: DetectOptions = {}): Expectation[] {
  const { bins, binMs, mean, variance, learning } = walk(series, options);
  return Array.from({ length: bins.count }, (_, i) => {
    const [m = 0, v = 0, x = NaN] = [mean[i], variance[i], bins.failures[i]];
    const judged = learning[i] === 0 && !Number.isNaN(x);
    const trials = bins.trials === undefined ? Infinity : (bins.trials[i] ?? Infinity);
    return {
      startMs: series.startMs + i * binMs,
      observed: Number.isNaN(x) ? null : x,
      expected: m,
      low: lowerQuantile(BAND_TAIL, m, v, trials),
      high: upperQuantile(BAND_TAIL, m, v, trials),
      pValue: judged ? upperTail(x, m, v, trials) : 1,
      pValueLow: judged ? lowerTail(x, m, v, trials) : 1,
      learning: learning[i] === 1,
    };
  });
}
