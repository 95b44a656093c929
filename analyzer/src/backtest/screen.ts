/**
 * Whether a series is worth a look after rows arrived: a test that `detect` fails too when this one fails, at a hundredth of its cost.
 *
 * `detect` opens a spike only where a sum of at most 12 bins has a bin of `minFailing` clients and is improbable at its level, and its level
 * is at least the mean of the bins that it remembers. Here a third of that mean is taken, which leaves room for completeness, seasons and
 * capped outliers. Bins that nothing arrived for cannot open anything.
 */
import { DETECT_DEFAULTS } from '../detect/series.js';
import { upperTail } from '../detect/tails.js';
import type { Bins } from './bins.js';

const WIDTHS = [1, 2, 3, 6, 12] as const;
const LONGEST = 12;
const SURELY = 1 / 3;

/**
 * @param lastBin - The last whole bin. @param alpha - Budget of one test. @param touched - Bins that changed.
 * @returns Whether any sum over a changed bin could open a spike.
 */
export function isWorthALook(bins: Bins, lastBin: number, alpha: number, touched: Iterable<number>): boolean {
  const memory = Math.round(DETECT_DEFAULTS.baselineMs / 1000 / bins.binS);
  for (const bin of touched) {
    if (bin > lastBin) continue;
    // A sum that ends in a later bin holds this one's clients as well.
    const around = bins.sum(Math.min(lastBin, bin + LONGEST - 1), 2 * LONGEST - 1);
    if (around < DETECT_DEFAULTS.minFailing) continue;
    const level = (SURELY * bins.sum(bin - LONGEST, memory)) / memory;
    for (let end = bin; end <= Math.min(lastBin, bin + LONGEST - 1); end++) {
      for (const width of WIDTHS) {
        if (end - width + 1 > bin) continue;
        const sum = bins.sum(end, width);
        if (sum < DETECT_DEFAULTS.minFailing) continue;
        const mean = Math.max(level * width, 1e-6);
        if (sum > mean && upperTail(sum, mean, mean) < alpha) return true;
      }
    }
  }
  return false;
}
