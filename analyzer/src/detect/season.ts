/** Level and shape of a day and a week, learnt from an older and coarser series and, day by day, from the series itself. */
import { binsOf, isWidth } from './bins.js';
import type { Prior, Series } from './series.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const WEEK_DAYS = 7;
/** No shape is finer; a history of finer bins is added up. */
const LEAST_SLOT_MS = 10_000;
/** Failures that the history needs at a time before its shape is believed; below, the shape is drawn to 1. */
const PRIOR_FAILURES = 20;
const BOUNDS = [0.1, 6] as const;
/** How many failures of its own a series needs before it outweighs its history: levels stray by about half from week to week. */
const HISTORY_WEIGHT = 4;

class Rate {
  failures = 0;
  exposure = 0;
  add(failures: number, exposure: number): void {
    this.failures += failures;
    this.exposure += exposure;
  }
}

/**
 * Mean rate in which no day counts more than three deviations above the median one, so that one day's outage does not become the habit of
 * that hour. (The median alone would be 0 for sparse series.)
 */
function typical(rates: readonly Rate[]): number {
  const sorted = rates.map((r) => r.failures / r.exposure).sort((a, b) => a - b);
  const median = sorted[(sorted.length - 1) >> 1] ?? 0;
  let failures = 0;
  let exposure = 0;
  for (const r of rates) {
    const usual = median * r.exposure;
    failures += rates.length < 3 ? r.failures : Math.min(r.failures, usual + 3 * Math.sqrt(usual) + 3);
    exposure += r.exposure;
  }
  return exposure > 0 ? failures / exposure : 0;
}

/** The factor of some bins against `usual`, drawn to 1 where little is known. */
function factorOf(rates: readonly Rate[], usual: number): number {
  const exposure = rates.reduce((sum, r) => sum + r.exposure, 0);
  if (exposure === 0) return 1;
  return (typical(rates) * exposure + PRIOR_FAILURES) / (usual * exposure + PRIOR_FAILURES);
}

/** The shape as far as it has been learnt; `learn` tells it of quiet bins, `refresh` makes it use what it was told. Never throws. */
export class Season {
  readonly #slots: number;
  readonly #bySlot: Map<number, Rate>[];
  readonly #days = new Map<number, Rate>();
  /** The slot (counted from the epoch) that was told of last, and its rates. */
  #at = NaN;
  #now: readonly [Rate, Rate] = [new Rate(), new Rate()];
  #hours: readonly number[] = [];
  #weekdays: readonly number[] = [];
  #weeks = 0;
  /** The factor that was asked for last, and its slot. */
  #factor = 1;
  #factorAt = NaN;
  /** The usual level per `binMs` and exposure 1, as the history tells it; undefined where it says nothing. */
  readonly prior: Prior | undefined;

  /** @param series - Its history is read, bins of at most a day that end before it starts. @param binMs - Width of its bins. */
  constructor(series: Series, binMs: number) {
    const history = usableOf(series);
    const width = Math.min(DAY_MS, Math.max(history?.binMs ?? HOUR_MS, binMs, LEAST_SLOT_MS));
    this.#slots = Math.max(1, Math.round(DAY_MS / width));
    this.#bySlot = Array.from({ length: this.#slots }, () => new Map<number, Rate>());
    if (history === undefined) return;
    const { failures, exposure, count } = binsOf(history);
    // A rate per attempt is of no length; a count is of the bin that it was made in.
    const inBins = series.attempts === undefined ? history.binMs / binMs : 1;
    for (let i = 0; i < count; i++) {
      const startMs = history.startMs + i * history.binMs;
      if (startMs + history.binMs <= series.startMs) this.learn(startMs, failures[i] ?? NaN, (exposure[i] ?? 1) * inBins);
    }
    this.refresh();
    const known = this.#known();
    if (known > 0) this.prior = { perBin: (typical([...this.#days.values()]) * known + 0.5) / known, weight: HISTORY_WEIGHT };
  }

  /** How many whole weeks of days had been seen at the last `refresh`. */
  get weeks(): number {
    return this.#weeks;
  }

  /** @param failures - Of a quiet bin; NaN where nothing is known. @param exposure - Without any factor of this season. */
  learn(startMs: number, failures: number, exposure: number): void {
    if (Number.isNaN(failures) || !Number.isFinite(startMs)) return;
    const slot = Math.floor((startMs / DAY_MS) * this.#slots);
    if (slot !== this.#at) {
      const day = Math.floor(startMs / DAY_MS);
      this.#at = slot;
      this.#now = [rateOf(this.#days, day), rateOf(this.#bySlot[slotOf(startMs, this.#slots)], day)];
    }
    for (const rate of this.#now) rate.add(failures, exposure);
  }

  /** From now on `factor` says what has been learnt so far. */
  refresh(): void {
    this.#factorAt = NaN;
    if (this.#known() === 0) return;
    this.#weeks = Math.floor(this.#days.size / WEEK_DAYS);
    const usual = typical([...this.#days.values()]);
    this.#hours = this.#bySlot.map((rates) => factorOf([...rates.values()], usual));
    this.#weekdays = Array.from({ length: WEEK_DAYS }, (_, d) => {
      const same = [...this.#days].filter(([day]) => weekdayOf(day) === d).map(([, rate]) => rate);
      return this.#weeks > 0 ? factorOf(same, usual) : 1;
    });
  }

  /** How much more (> 1) or less (< 1) is usual at a time than on average. */
  factor(atMs: number): number {
    if (this.#hours.length === 0) return 1;
    const slot = Math.floor((atMs / DAY_MS) * this.#slots);
    if (slot !== this.#factorAt) {
      const both = (this.#hours[slotOf(atMs, this.#slots)] ?? 1) * (this.#weekdays[weekdayOf(Math.floor(atMs / DAY_MS))] ?? 1);
      this.#factor = Math.min(BOUNDS[1], Math.max(BOUNDS[0], both));
      this.#factorAt = slot;
    }
    return this.#factor;
  }

  #known(): number {
    let exposure = 0;
    for (const rate of this.#days.values()) exposure += rate.exposure;
    return exposure;
  }
}

/**
 * The history in the units of the series. Failures alone tell nothing of the rate per attempt, so such a history of a series with attempts is none; of a series
 * without attempts it is counted without them too.
 */
function usableOf({ history, attempts }: Series): Series | undefined {
  if (history === undefined || history.failures.length === 0 || !isWidth(history.binMs) || history.binMs > DAY_MS) return undefined;
  if (attempts !== undefined) return history.attempts === undefined ? undefined : history;
  const { startMs, binMs, failures, completeness, exposure } = history;
  return { startMs, binMs, failures, ...(completeness && { completeness }), ...(exposure && { exposure }) };
}

function rateOf(rates: Map<number, Rate> | undefined, key: number): Rate {
  const rate = rates?.get(key) ?? new Rate();
  rates?.set(key, rate);
  return rate;
}

const slotOf = (atMs: number, slots: number): number => Math.floor((((atMs % DAY_MS) + DAY_MS) % DAY_MS) / (DAY_MS / slots));
const weekdayOf = (day: number): number => ((day % WEEK_DAYS) + WEEK_DAYS) % WEEK_DAYS;
