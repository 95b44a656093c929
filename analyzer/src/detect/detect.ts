import type { DetectOptions, Series, Spike } from './series.js';
import { walk } from './walk.js';
import type { Span, Walk } from './walk.js';

/**
 * Spikes of a series: stretches in which more clients fail than the quiet level explains.
 *
 * @param series - Failing clients per bin, any bin width from 10 s to 1 h. @param options - Budget of false alarms and timings.
 * @returns Spikes in order of time; the last one has `endMs: null` while it lasts. Empty while learning. Bins are judged by earlier
 * bins only. Never throws. Formula, assumptions and when it is wrong: docs/detection.md.
 */
export function detect(series: Series, options: DetectOptions = {}): Spike[] {
  return spikesOf(series, walk(series, options));
}

/** The spikes of a walk over a series. */
export function spikesOf(series: Series, walked: Walk): Spike[] {
  return walked.spans.map((span) => spikeOf(series, walked, span));
}

/**
 * Whether the series still has too little history for its last bin to be judged.
 *
 * @param series - As of `detect`. @param options - As of `detect`; `minHistoryMs` decides.
 * @returns True too where the series has no bins, or nothing is known of its level. Never throws.
 */
export function isLearning(series: Series, options: DetectOptions = {}): boolean {
  return walk(series, options).learning.at(-1) !== 0;
}

function spikeOf({ startMs }: Series, { bins, binMs, mean }: Walk, { from, opened, closes, pValue }: Span): Spike {
  let failures = 0;
  let expected = 0;
  let peak = 0;
  for (let i = from; i < (closes ?? bins.count); i++) {
    const x = bins.failures[i] ?? NaN;
    if (Number.isNaN(x)) continue;
    failures += x;
    expected += mean[i] ?? 0;
    peak = Math.max(peak, x);
  }
  return {
    startMs: startMs + from * binMs,
    endMs: closes === null ? null : startMs + closes * binMs,
    failures,
    expected,
    excess: failures - expected,
    peak,
    pValue,
    foundMs: startMs + (opened + 1) * binMs,
  };
}
