/**
 * The recent quiet level of a series, learnt bin by bin.
 *
 * Level: failures per exposure of the remembered bins, the larger of the whole memory and its most recent quarter, so that a slow
 * rise is followed. Predictive variance of a bin with exposure e: phi·m + m² / (S + 1/2), where m = level·e, S is the number of
 * failures the level rests on (gamma-Poisson with Jeffreys prior) and phi >= 1 is the dispersion of the remembered bins
 * (Pearson's chi² over its degrees of freedom). A value is remembered at most at m + 4 sd + 1, so that an outlier does not teach.
 */
import type { Bin } from './series.js';

export interface Prediction {
  readonly mean: number;
  readonly variance: number;
}

interface Remembered {
  readonly failures: number;
  readonly exposure: number;
  /** (x - m)² / m at the time, for the dispersion. */
  readonly pearson: number;
}

const RECENT_SHARE = 0.25;
/** Prior weight of "no over-dispersion" in bins, so that a short memory does not claim more than it saw. */
const DISPERSION_PRIOR_BINS = 20;

export class Baseline {
  readonly #capacity: number;
  readonly #bins: Remembered[] = [];
  #failures = 0;
  #exposure = 0;
  #recentFailures = 0;
  #recentExposure = 0;
  #pearson = 0;

  /** @param capacity - How many bins are remembered, >= 1. */
  constructor(capacity: number) {
    this.#capacity = Math.max(1, Math.floor(capacity));
  }

  get size(): number {
    return this.#bins.length;
  }

  predict(exposure: number, season: number = 1): Prediction {
    const failures = this.#failures + 0.5;
    const level = Math.max(failures / Math.max(this.#exposure, 1e-12), this.#recentRate());
    const mean = this.#bins.length === 0 ? 0 : level * exposure * season;
    const phi = Math.max(1, (this.#pearson + DISPERSION_PRIOR_BINS) / (this.#bins.length + DISPERSION_PRIOR_BINS));
    return { mean, variance: phi * mean + (mean * mean) / failures };
  }

  learn(bin: Bin, season: number = 1): void {
    if (bin.failures === null) return;
    const { mean, variance } = this.predict(bin.exposure, season);
    const first = this.#bins.length === 0;
    const value = first ? bin.failures : Math.min(bin.failures, mean + 4 * Math.sqrt(variance) + 1);
    const pearson = first || mean <= 0 ? 1 : (value - mean) ** 2 / Math.max(mean, 0.05);
    this.#add({ failures: value, exposure: bin.exposure * season, pearson });
    if (this.#bins.length > this.#capacity) this.#forgetOldest();
  }

  #add(bin: Remembered): void {
    this.#bins.push(bin);
    this.#failures += bin.failures;
    this.#exposure += bin.exposure;
    this.#pearson += bin.pearson;
    this.#recentFailures += bin.failures;
    this.#recentExposure += bin.exposure;
    const leaving = this.#bins[this.#bins.length - 1 - this.#recentBins()];
    if (leaving === undefined) return;
    this.#recentFailures -= leaving.failures;
    this.#recentExposure -= leaving.exposure;
  }

  #recentBins(): number {
    return Math.max(1, Math.ceil(this.#capacity * RECENT_SHARE));
  }

  #recentRate(): number {
    return this.#bins.length <= this.#recentBins() ? 0 : Math.max(0, this.#recentFailures) / Math.max(this.#recentExposure, 1e-12);
  }

  #forgetOldest(): void {
    const oldest = this.#bins.shift();
    if (oldest === undefined) return;
    this.#failures -= oldest.failures;
    this.#exposure -= oldest.exposure;
    this.#pearson -= oldest.pearson;
  }
}
