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
 * Source and assumptions: docs/reference/analyzer.md.
 */
export function expect(series: Series, options: DetectOptions = {}): Expectation[] {
  return walk(series, options).map(({ bin, mean, variance, learning }) => {
    const judged = !learning && bin.failures !== null;
    return {
      startMs: bin.startMs,
      observed: bin.failures,
      expected: mean,
      low: lowerQuantile(BAND_TAIL, mean, variance),
      high: upperQuantile(BAND_TAIL, mean, variance),
      pValue: judged ? upperTail(bin.failures, mean, variance) : 1,
      pValueLow: judged ? lowerTail(bin.failures, mean, variance) : 1,
      learning,
    };
  });
}
