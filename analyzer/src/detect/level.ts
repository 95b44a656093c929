/**
 * The quiet level of a series as a gamma distribution that is learnt bin by bin and slowly forgotten: the gamma-Poisson filter with
 * discounting (Smith 1979; Harvey & Fernandes 1989). With a prior of shape a0 and rate b0, forgetting factor d, failures x and exposure e of
 * each quiet bin: A <- dA + x, B <- dB + e, level = (a0 + A) / (b0 + B).
 *
 * Predictive variance of a sum with mean m: phi·m + m²·(1/(a0 + A) + s²), the negative binomial's with the uncertainty of the level, a
 * dispersion phi >= 1 (Pearson's chi² over blocks of at least four expected failures, drawn to what is known from elsewhere, else to 1) and the level's own straying s.
 */
import type { Prior } from './series.js';

/** Jeffreys: what is known of a level of which nothing is known. */
const NOTHING_KNOWN = 0.5;
const BLOCK_FAILURES = 4;
const PRIOR_BLOCKS = 10;
const BLOCK_MEMORY = 0.99;

export class Level {
  readonly #forget: number;
  readonly #strayVariance: number;
  readonly #shape: number;
  readonly #rate: number;
  readonly #usualDispersion: number;
  readonly #most: number;
  #failures = 0;
  #exposure = 0;
  #blockFailures = 0;
  #blockMean = 0;
  #chi = 0;
  #blocks = 0;

  /**
   * @param memoryBins - Time constant of forgetting, bins, > 0. @param stray - Relative sd of the true level. @param prior - Known before.
   * @param dispersion - Known from elsewhere, >= 1. @param most - What the level cannot exceed: 1 where it is a share of attempts.
   */
  constructor(memoryBins: number, stray: number, prior: Prior | undefined, dispersion: number, most = Infinity) {
    this.#most = most;
    this.#usualDispersion = dispersion;
    this.#forget = Math.exp(-1 / memoryBins);
    this.#strayVariance = stray * stray;
    this.#shape = prior?.weight ?? NOTHING_KNOWN;
    this.#rate = prior === undefined ? 0 : prior.weight / prior.perBin;
  }

  /** Failures per exposure; 0 while nothing at all is known. */
  get level(): number {
    const exposure = this.#rate + this.#exposure;
    return exposure > 0 ? Math.min(this.#most, (this.#shape + this.#failures) / exposure) : 0;
  }

  get dispersion(): number {
    return Math.max(1, (this.#chi + PRIOR_BLOCKS * this.#usualDispersion) / (this.#blocks + PRIOR_BLOCKS));
  }

  /** Whether counts are known to come in bursts. */
  get isBursty(): boolean {
    return this.#usualDispersion > 1;
  }

  /** Variance of a number of bursts, which do not come in bursts themselves. */
  varianceOfBursts(mean: number): number {
    return mean + mean * mean * (1 / (this.#shape + this.#failures) + this.#strayVariance);
  }

  variance(mean: number): number {
    return this.dispersion * mean + mean * mean * (1 / (this.#shape + this.#failures) + this.#strayVariance);
  }

  /** @param failures - Of one quiet bin; NaN where nothing is known, which only lets time pass. */
  learn(failures: number, exposure: number): void {
    this.#failures *= this.#forget;
    this.#exposure *= this.#forget;
    if (Number.isNaN(failures)) return;
    this.#disperse(failures, this.level * exposure);
    this.#failures += failures;
    this.#exposure += exposure;
  }

  /** What was learnt, in new units of exposure: `times` as many as before, > 0. */
  rescale(times: number): void {
    this.#exposure *= times;
  }

  #disperse(failures: number, mean: number): void {
    if (this.#failures < BLOCK_FAILURES) return;
    this.#blockFailures += failures;
    this.#blockMean += mean;
    if (this.#blockMean < BLOCK_FAILURES) return;
    this.#chi = BLOCK_MEMORY * this.#chi + (this.#blockFailures - this.#blockMean) ** 2 / this.#blockMean;
    this.#blocks = BLOCK_MEMORY * this.#blocks + 1;
    this.#blockFailures = 0;
    this.#blockMean = 0;
  }
}
