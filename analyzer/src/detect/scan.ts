/**
 * The tests of one bin: sums of several lengths that end with it, so that a strong short rise and a weak long one are both found early.
 *
 * Budget: F false alarms a week over S series and L lengths. A sum of w bins that slides over a week holds week ÷ w stretches, and in each it
 * takes on a new highest value about as often as a failure arrives in it, so about min(w, x) times for a sum of x (the declumping of Naus 1982
 * and Wallenstein & Naus for the scan statistic): alpha(w, x) = F/(S·L) · w/week ÷ min(w, x).
 *
 * Where counts are known to come in bursts, many failures are little, but many bursts are as much as ever: bins with failures that are farther
 * apart than a burst lasts are counted as one failure each, and either test is given half.
 */
import type { Level } from './level.js';
import { isRare, logPoisson, upperTail } from './tails.js';

const WEEK_MS = 7 * 86_400_000;
/** Lengths of the sums, s. Each is about twice the one before, so that any stretch is at least half filled by one of them. */
const LENGTHS_S = [10, 20, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600, 7_200, 14_400, 28_800, 57_600, 86_400] as const;
/** Lengths in bins that are summed where bins are so wide that few of the above hold more than one. */
const FEW_BINS = [1, 2, 3, 6] as const;
/** Bins that the longest sum holds at least. */
export const LEAST_LONGEST = 6;
/** No burst lasts longer, ms. */
const BURST_MS = 60_000;
/** How much stronger than the budget the evidence of a single bin must be: one bin may be a hiccup. */
const SINGLE_BIN = 1e-2;
/** How improbable the clients of a sum must be without the device that may be counted in every bin. */
const BY_CHANCE = 1e-2;

export interface ScanOptions {
  readonly binMs: number;
  readonly longestMs: number;
  readonly falseAlarmsPerWeek: number;
  readonly seriesTested: number;
  readonly minFailing: number;
  readonly minTotal: number;
  readonly minRatio: number;
}

/** Columns of a series, as far as it was walked. */
export interface Summed {
  /** Per bin, NaN for none. */
  readonly failures: Float64Array;
  /** Failures, exposure and attempts of the bins with data before each bin (one more than bins). */
  readonly sums: Float64Array;
  readonly exposures: Float64Array;
  readonly attempts: Float64Array | undefined;
}

export interface Alarm {
  /** Bins of the sum. */
  readonly width: number;
  readonly pValue: number;
  /** How many times the expected. */
  readonly ratio: number;
}

/** Bins of each length, rising, without repeats; none longer than `longestMs`, a day, or six bins where these are longer. */
export function widthsOf(binMs: number, longestMs: number): number[] {
  const widths = LENGTHS_S.map((s) => Math.round((s * 1000) / binMs)).filter((w) => w >= 1 && w * binMs <= longestMs);
  const longest = widths.at(-1) ?? 0;
  return [...new Set([1, ...widths, ...FEW_BINS.filter((w) => w > longest)])];
}

export class Scan {
  readonly #options: ScanOptions;
  readonly #widths: readonly number[];
  readonly #perBin: number;
  /** Bins from the start of one burst to the start of the next at least. */
  readonly #apart: number;

  constructor(options: ScanOptions) {
    this.#options = options;
    this.#widths = widthsOf(options.binMs, options.longestMs);
    this.#apart = Math.ceil(BURST_MS / options.binMs) + 1;
    this.#perBin = (options.falseAlarmsPerWeek * options.binMs) / WEEK_MS / Math.max(1, options.seriesTested) / this.#widths.length;
  }

  /** What a sum of `width` bins and `failures` must be less probable than. */
  alpha(width: number, failures: number): number {
    return (this.#perBin * width) / Math.max(1, Math.min(width, failures));
  }

  /**
   * The surest sum that passes, if any.
   *
   * @param at - The last bin. @param longest - Bins that may be summed. @param level - Failures per exposure.
   */
  test(at: number, longest: number, { failures, sums, exposures, attempts }: Summed, level: Level): Alarm | undefined {
    const { minFailing, minTotal, minRatio } = this.#options;
    const rate = level.level;
    let found: Alarm | undefined;
    for (const width of this.#widths) {
      if (width > longest) break;
      const from = at + 1 - width;
      const sum = (sums[at + 1] ?? 0) - (sums[from] ?? 0);
      const exposure = (exposures[at + 1] ?? 0) - (exposures[from] ?? 0);
      const mean = rate * exposure;
      if (sum < minTotal || sum < minRatio * mean) continue;
      let alpha = this.alpha(width, sum);
      const trials = attempts === undefined ? Infinity : (attempts[at + 1] ?? 0) - (attempts[from] ?? 0);
      // The tail of a count is at least its own probability, and over-dispersion only widens it (a bound by the trials does not): most sums need no more than this.
      if (isRare(mean, trials) && logPoisson(sum, mean) > Math.log(alpha)) continue;
      let peak = 0;
      let raised = 0;
      let bursts = 0;
      let next = from;
      let spare = 0;
      for (let i = from; i <= at; i++) {
        const x = failures[i] ?? 0;
        if (x > peak) peak = x;
        if (x > 0) raised++;
        if (x > 0 && i >= next) {
          bursts++;
          next = i + this.#apart;
        }
        spare += Math.max(0, x - Math.max(1, minFailing - 2));
      }
      if (raised < 2) alpha *= SINGLE_BIN;
      // Few at a time are a spike only if they are one without a device that is counted in every bin.
      if (peak < minFailing && (spare < minTotal || upperTail(spare, mean, level.variance(mean), trials) > BY_CHANCE)) continue;
      let pValue = upperTail(sum, mean, level.variance(mean), trials);
      if (level.isBursty) pValue = 2 * Math.min(pValue, upperTail(bursts, mean, level.varianceOfBursts(mean)));
      if (pValue < alpha && pValue < (found?.pValue ?? 1)) found = { width, pValue, ratio: sum / Math.max(mean, 1e-12) };
    }
    return found;
  }
}
