/**
 * One pass over a series, bin by bin, each judged by what came before it: the common part of `expect` and `detect`.
 *
 * Tests: besides each bin alone, the sums of the last 2, 3, 6 and 12 bins are tested against the level, since a weak rise shows
 * only in a sum. The budget of false alarms is divided over bins, windows and series (Bonferroni), which is on the safe side as
 * the sums overlap. A spike opens when a sum passes the budget and two of its bins are raised, or one bin passes it a thousandfold.
 */
import { Baseline } from './baseline.js';
import { seasonOf } from './season.js';
import { binsOf, DETECT_DEFAULTS } from './series.js';
import type { Bin, DetectOptions, Series } from './series.js';
import { upperTail } from './tails.js';

const WEEK_MS = 7 * 86_400_000;
const WINDOWS = [1, 2, 3, 6, 12] as const;
/** A bin counts as raised below this p-value, a stretch as quiet above QUIET_P. */
const RAISED_P = 0.1;
const QUIET_P = 0.01;
/** How much stronger than the budget a single bin must be. */
const OVERWHELMING = 1e-3;

/** What was known of one bin when it was the last one. */
export interface Step {
  readonly bin: Bin;
  readonly mean: number;
  readonly variance: number;
  readonly learning: boolean;
  /** Smallest p-value among the windows that end here; 1 while learning or without data. */
  readonly pValue: number;
  /** Set on the bin that opens a spike: index of the spike's first bin. */
  readonly opens?: number;
  /** Set on the bin that ends a spike: index of the first quiet bin. */
  readonly closes?: number;
}

interface Tested {
  readonly bin: Bin;
  readonly season: number;
  readonly raised: boolean;
}

/** Judges every bin of the series in order. Pure; never throws. */
export function walk(series: Series, options: DetectOptions = {}): Step[] {
  const o = { ...DETECT_DEFAULTS, ...options };
  const widthMs = series.binMs > 0 ? series.binMs : 60_000;
  const bins = binsOf(series);
  const season = seasonOf(series.history);
  const binsFor = (ms: number, least: number): number => Math.max(least, Math.ceil(ms / widthMs));
  const capacity = binsFor(o.baselineMs, 24);
  const settleBins = binsFor(o.settleMs, 6);
  const quietBins = binsFor(o.quietMs, 3);
  const historyBins = binsFor(o.minHistoryMs, 6);
  const maxSpikeBins = binsFor(o.maxSpikeMs, 24);
  const alpha = (o.falseAlarmsPerWeek * widthMs) / WEEK_MS / Math.max(1, o.seriesTested) / WINDOWS.length;

  let baseline = new Baseline(capacity);
  let tested: Tested[] = [];
  let spikeStart: number | null = null;
  const steps: Step[] = [];

  const pOf = (last: readonly Tested[]): number => {
    const failures = last.reduce((sum, t) => sum + (t.bin.failures ?? 0), 0);
    const exposure = last.reduce((sum, t) => sum + t.bin.exposure * t.season, 0);
    const { mean, variance } = baseline.predict(exposure);
    return failures <= mean ? 1 : upperTail(failures, mean, variance);
  };
  const learn = (t: Tested): void => baseline.learn(t.bin, t.season);

  for (const [index, bin] of bins.entries()) {
    const factor = season(bin.startMs);
    const { mean, variance } = baseline.predict(bin.exposure, factor);
    const learning = baseline.size < historyBins;
    if (bin.failures === null) {
      steps.push({ bin, mean, variance, learning, pValue: 1 });
      continue;
    }
    const p = bin.failures <= mean ? 1 : upperTail(bin.failures, mean, variance);
    tested.push({ bin, season: factor, raised: p < RAISED_P });
    let pValue = learning ? 1 : p;
    let opens: number | undefined;
    let closes: number | undefined;

    // A bin without failures adds no evidence: a sum that ends in it was tested a bin earlier, when it was stronger.
    if (spikeStart === null && !learning && bin.failures > 0) {
      for (const width of WINDOWS) {
        if (width > settleBins || width > tested.length) continue;
        const last = tested.slice(-width);
        const pWindow = width === 1 ? p : pOf(last);
        pValue = Math.min(pValue, pWindow);
        const peak = Math.max(...last.map((t) => t.bin.failures ?? 0));
        const enough = width === 1 ? pWindow < alpha * OVERWHELMING && peak >= 2 * o.minFailing : pWindow < alpha && peak >= o.minFailing;
        if (enough && (width === 1 || last.filter((t) => t.raised).length >= 2)) opens ??= firstRaised(tested, bins, index);
      }
      if (opens !== undefined) {
        const from = bins[opens]?.startMs ?? bin.startMs;
        for (const t of tested) if (t.bin.startMs < from) learn(t);
        tested = tested.filter((t) => t.bin.startMs >= from);
        spikeStart = opens;
      }
    } else if (spikeStart !== null) {
      const last = tested.slice(-quietBins);
      const quiet = last.length === quietBins && pOf(last) >= QUIET_P;
      if (quiet || index - spikeStart >= maxSpikeBins) {
        closes = quiet ? bins.indexOf(last[0]?.bin ?? bin) : index;
        if (!quiet) baseline = new Baseline(capacity);
        if (!quiet) tested.slice(-capacity).forEach(learn);
        tested = quiet ? last : [];
        spikeStart = null;
      }
    }
    if (spikeStart === null) for (const t of tested.splice(0, Math.max(0, tested.length - settleBins))) learn(t);
    steps.push({ bin, mean, variance, learning, pValue, ...(opens !== undefined && { opens }), ...(closes !== undefined && { closes }) });
  }
  return steps;
}

/** Index of the first bin of the raised stretch that ends here; single bins that are not raised are stepped over. */
function firstRaised(tested: readonly Tested[], bins: readonly Bin[], index: number): number {
  let first = tested.length - 1;
  for (let i = tested.length - 1; i >= 0; i--) {
    if (tested[i]?.raised === true) first = i;
    else if (first - i >= 2) break;
  }
  const bin = tested[first]?.bin;
  return bin === undefined ? index : bins.indexOf(bin);
}
