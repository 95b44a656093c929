/**
 * One pass over a series, bin by bin, each judged by what came before it: the common part of `expect` and `detect`.
 *
 * A bin waits `longestMs` before it shapes the level (in a short series half of what was seen), so that a rise does not teach the level that it
 * is measured against. A spike opens when a sum of bins passes its share of the budget (scan.ts), and starts where the likelihood ratio of
 * "raised by this factor" is greatest. While it lasts the level stands still. It ends by a CUSUM (Page 1954) of the usual level against
 * half of the spike's own, so that a weak spike with gaps stays one.
 */
import { binsOf, isWidth } from './bins.js';
import type { Bins } from './bins.js';
import { Level } from './level.js';
import { LEAST_LONGEST, Scan } from './scan.js';
import { Season } from './season.js';
import { DETECT_DEFAULTS, withDefaults } from './series.js';
import type { DetectOptions, Prior, Series } from './series.js';
import { MOST, upperTail } from './tails.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Log likelihood ratio at which "over" is believed. */
const OVER = 4;
/** Share of the excess of a spike that counts as its going on. */
const STILL_RAISED = 0.5;
/** Expected failures per bin below which nothing is divided. */
const LEAST_MEAN = 1e-12;
/** How much a day may rise by itself from one hour to the next, and how improbable a sum must be beside that. */
const RISE_BY_ITSELF = 1.4;
const SUDDEN = 1e-3;
/** How improbable a sum must be beside what its history tells. */
const BEYOND_USUAL = 1e-3;
/** A spike that lasted longer also tells of the usual day: that it was one may have been wrong, and once a week is known the median day counts. */
const LONG_MS = 3 * HOUR_MS;
const DEFAULT_BIN_MS = 60_000;

export interface Span {
  /** First bin of the spike, and the bin that opened it. */
  readonly from: number;
  readonly opened: number;
  /** First quiet bin after it; null while it lasts. */
  readonly closes: number | null;
  readonly pValue: number;
}

export interface Walk {
  readonly bins: Bins;
  readonly binMs: number;
  /** What was expected of each bin, and its variance. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** 1 for bins that could not be judged yet. */
  readonly learning: Uint8Array;
  readonly spans: readonly Span[];
  /** Variance of a sum with this mean, as known at the end. */
  readonly varianceOf: (mean: number) => number;
  /** Usual failures per bin and exposure 1 at the end, for series inside this one. */
  readonly level: number;
}

interface Open {
  readonly from: number;
  readonly opened: number;
  readonly pValue: number;
  /** CUSUM of quiet, and the first bin of its present run. */
  cusum: number;
  quietFrom: number;
}

/** Judges every bin of the series in order. Pure; never throws. */
export function walk(series: Series, options: DetectOptions = {}): Walk {
  const o = withDefaults(options);
  const binMs = isWidth(series.binMs) ? series.binMs : DEFAULT_BIN_MS;
  const bins = binsOf(series);
  const { count, failures, trials } = bins;
  const season = new Season(series, binMs);
  const prior = usable(series.prior) ?? season.prior;
  const stray = trials !== undefined && options.levelSd === undefined ? DETECT_DEFAULTS.levelSd / 2 : o.levelSd;
  const binsFor = (ms: number, least: number): number => Math.max(least, Math.ceil(ms / binMs));
  const memory = binsFor(o.baselineMs, 24);
  const settle = binsFor(o.longestMs, LEAST_LONGEST);
  const quietBins = binsFor(o.quietMs, 3);
  const historyBins = prior === undefined ? binsFor(o.minHistoryMs, 6) : 0;
  const maxSpikeBins = binsFor(o.maxSpikeMs, 24);
  const scan = new Scan({ ...o, binMs });
  const dispersion = o.dispersion >= 1 && o.dispersion < Infinity ? o.dispersion : 1;

  const exposure = new Float64Array(count);
  const sums = new Float64Array(count + 1);
  const exposures = new Float64Array(count + 1);
  const attempts = trials === undefined ? undefined : new Float64Array(count + 1);
  const mean = new Float64Array(count);
  const variance = new Float64Array(count);
  const learning = new Uint8Array(count);
  const spans: Span[] = [];
  const hourBins = Math.max(1, Math.round(HOUR_MS / binMs));
  const dayBins = binsFor(DAY_MS, 24);
  const levelFrom = (known: Prior | undefined): Level => new Level(memory, stray, known, dispersion, trials === undefined ? Infinity : 1);
  let level = levelFrom(prior);
  let settled = 0;
  let refreshed = 0;
  let seen = 0;
  let last = -1;
  let open: Open | undefined;

  // Whoever hands in load or attempts has told how the day goes by itself.
  const isPlain = series.exposure === undefined && series.attempts === undefined;
  // What the season is taught shows once a day of it has settled: a series that is no longer than a day need not teach.
  const teaches = isPlain && count > dayBins;
  const teach = (i: number, x: number): void => {
    if (teaches) season.learn(series.startMs + i * binMs, x, bins.exposure[i] ?? 1);
  };
  const learn = (until: number, isCapped = true): void => {
    for (; settled < until; settled++) {
      const x = failures[settled] ?? NaN;
      // An outlier does not teach: a value enters at most four deviations above what was expected.
      const most = isCapped && learning[settled] === 0 ? (mean[settled] ?? 0) + 4 * Math.sqrt(variance[settled] ?? 0) + 1 : Infinity;
      level.learn(Math.min(x, most), exposure[settled] ?? 1);
      teach(settled, Math.min(x, most));
    }
  };
  const exposureAt = (i: number): number => (bins.exposure[i] ?? 1) * season.factor(series.startMs + i * binMs);
  /** Once a day: what the series has shown of its own day and week shapes the bins from `i` on, and the level is brought to the new units. */
  const reshape = (i: number): void => {
    refreshed = settled;
    season.refresh();
    let [was, is] = [0, 0];
    for (let j = settled - 1, weight = 1; j >= Math.max(0, settled - 4 * memory); j--, weight *= Math.exp(-1 / memory)) {
      if (Number.isNaN(failures[j])) continue;
      was += weight * (exposure[j] ?? 0);
      is += weight * exposureAt(j);
    }
    if (was > 0 && is > 0) level.rescale(is / was);
    for (let j = settled; j < i; j++) {
      exposure[j] = exposureAt(j);
      exposures[j + 1] = (exposures[j] ?? 0) + (Number.isNaN(failures[j]) ? 0 : (exposure[j] ?? 0));
    }
  };
  /**
   * Until a week is known, or two where hours are summed, a sum must stand out from the hour before it as well: a day may rise by itself, and faster than
   * the level follows, and one Monday tells little of the next.
   */
  const isGradual = (i: number, width: number): boolean => {
    if (!isPlain || season.weeks >= (width > hourBins ? 2 : 1) || series.prior !== undefined) return false;
    const to = i + 1 - width;
    const from = Math.max(0, spans.at(-1)?.closes ?? 0, to - hourBins);
    const near = over(sums, from, to) + 0.5;
    const nearExposure = over(exposures, from, to);
    if ((to - from) * 2 < hourBins || nearExposure <= 0) return false;
    const most = (riseOver(width / hourBins) * near * over(exposures, to, i + 1)) / nearExposure;
    return upperTail(over(sums, to, i + 1), most, level.dispersion * (most + most ** 2 / near)) > SUDDEN;
  };

  /** What earlier days hold is no outage when it comes back, however quiet it was in the last hours. */
  const isUsual = (i: number, width: number): boolean => {
    if (season.prior === undefined) return false;
    const to = i + 1 - width;
    const usual = season.prior.perBin * over(exposures, to, i + 1);
    const made = attempts === undefined ? Infinity : over(attempts, to, i + 1);
    return upperTail(over(sums, to, i + 1), usual, level.variance(usual), made) > BEYOND_USUAL;
  };

  for (let i = 0; i < count; i++) {
    const x = failures[i] ?? NaN;
    const has = !Number.isNaN(x);
    if (open === undefined && settled - refreshed >= dayBins) reshape(i);
    const e = exposureAt(i);
    exposure[i] = e;
    sums[i + 1] = (sums[i] ?? 0) + (has ? x : 0);
    exposures[i + 1] = (exposures[i] ?? 0) + (has ? e : 0);
    if (attempts !== undefined) attempts[i + 1] = (attempts[i] ?? 0) + (has ? (trials?.[i] ?? 0) : 0);
    if (open === undefined) learn(i - Math.min(settle, seen >> 1));
    if (has) seen++;
    const m = Math.min(level.level * e, MOST);
    mean[i] = m;
    variance[i] = level.variance(m);
    if (seen < historyBins || m === 0) learning[i] = 1;
    if (has) last = i;

    if (open === undefined) {
      // A bin without failures adds no evidence: a sum that ends in it was tested earlier, when it was stronger.
      if (!has || x === 0 || learning[i] === 1) continue;
      const alarm = scan.test(i, i + 1 - settled, { failures, sums, exposures, attempts }, level);
      if (alarm === undefined || isGradual(i, alarm.width) || isUsual(i, alarm.width)) continue;
      const from = startOf(i, settled, alarm.ratio, failures, mean);
      learn(from);
      open = { from, opened: i, pValue: alarm.pValue, cusum: 0, quietFrom: i + 1 };
      continue;
    }
    if (has) {
      const until = Math.min(open.quietFrom, i + 1);
      const expected = level.level * over(exposures, open.from, until);
      const ratio = over(sums, open.from, until) / Math.max(expected, LEAST_MEAN);
      const still = Math.max(1 + STILL_RAISED * (ratio - 1), 1.25);
      open.cusum = Math.max(0, open.cusum + (still - 1) * m - x * Math.log(still));
      if (open.cusum === 0) open.quietFrom = i + 1;
    }
    const isOver = has && open.cusum >= OVER && i + 1 - open.quietFrom >= quietBins;
    const isNormal = i - open.from >= maxSpikeBins;
    if (!isOver && !isNormal) continue;
    // What has not been told of for long is no new normal: it ends where it was seen last.
    const end = isOver ? open.quietFrom : i - last > memory ? last + 1 : undefined;
    const closes = end ?? i;
    spans.push({ from: open.from, opened: open.opened, closes, pValue: open.pValue });
    if ((closes - open.from) * binMs > LONG_MS) for (let j = open.from; j < (end ?? i - memory); j++) teach(j, failures[j] ?? NaN);
    if (end !== undefined) settled = end;
    else {
      level = levelFrom(undefined);
      settled = Math.max(open.from, i - memory);
      learn(i, false);
    }
    open = undefined;
  }
  if (open !== undefined) spans.push({ from: open.from, opened: open.opened, closes: null, pValue: open.pValue });
  return { bins, binMs, mean, variance, learning, spans, varianceOf: (m) => level.variance(m), level: level.level };
}

/** What a column that was summed before each bin holds from one bin to before another. */
const over = (summed: Float64Array, from: number, to: number): number => (summed[to] ?? 0) - (summed[from] ?? 0);

/** How many times the level of the hour before is the mean of the hours after it, where each rises by itself. */
function riseOver(hours: number): number {
  let sum = 0;
  let rise = 1;
  const whole = Math.max(1, Math.round(hours));
  for (let h = 0; h < whole; h++) sum += rise *= RISE_BY_ITSELF;
  return sum / whole;
}

function usable(prior: Prior | undefined): Prior | undefined {
  return prior !== undefined && prior.perBin > 0 && prior.weight > 0 && prior.perBin < Infinity && prior.weight < Infinity
    ? prior
    : undefined;
}

/** Where a rise by `ratio` that is seen at `last` most probably began. */
function startOf(last: number, first: number, ratio: number, failures: Float64Array, mean: Float64Array): number {
  const factor = Math.max(2, ratio);
  let sum = 0;
  let best = -Infinity;
  let from = last;
  for (let i = last; i >= first; i--) {
    const x = failures[i] ?? NaN;
    if (Number.isNaN(x)) continue;
    sum += x * Math.log(factor) - (factor - 1) * (mean[i] ?? 0);
    if (x === 0 || sum <= best) continue;
    best = sum;
    from = i;
  }
  return from;
}
