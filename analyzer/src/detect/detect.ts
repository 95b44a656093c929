import type { DetectOptions, Series, Spike } from './series.js';
import { walk } from './walk.js';
import type { Step } from './walk.js';

/**
 * Spikes of a series: stretches in which more clients fail than the recent quiet level explains.
 *
 * @param series - Failing clients per bin, any bin width from 10 s to 1 h. @param options - Budget of false alarms and timings.
 * @returns Spikes in order of time; the last one has `endMs: null` while it lasts. Empty while learning. Bins are judged by earlier
 * bins only. Never throws. Formula, assumptions and when it is wrong: docs/reference/analyzer.md.
 */
export function detect(series: Series, options: DetectOptions = {}): Spike[] {
  const steps = walk(series, options);
  const spikes: Spike[] = [];
  let from: number | null = null;
  let opened = 0;
  for (const [index, step] of steps.entries()) {
    if (step.opens !== undefined) {
      from = step.opens;
      opened = index;
    }
    if (step.closes !== undefined && from !== null) {
      spikes.push(spikeOf(steps, from, opened, step.closes, series.binMs));
      from = null;
    }
  }
  if (from !== null) spikes.push(spikeOf(steps, from, opened, null, series.binMs));
  return spikes;
}

/** Whether the series still has too little history for its last bin to be judged. */
export function isLearning(series: Series, options: DetectOptions = {}): boolean {
  return walk(series, options).at(-1)?.learning ?? true;
}

function spikeOf(steps: readonly Step[], from: number, opened: number, closes: number | null, binMs: number): Spike {
  const inside = steps.slice(from, closes ?? steps.length);
  // Every bin is set against the level before the spike, also those before there was enough evidence to open it.
  const failures = inside.reduce((sum, s) => sum + (s.bin.failures ?? 0), 0);
  const expected = inside.reduce((sum, s) => sum + (s.bin.failures === null ? 0 : s.mean), 0);
  return {
    startMs: steps[from]?.bin.startMs ?? 0,
    endMs: closes === null ? null : (steps[closes]?.bin.startMs ?? 0),
    failures,
    expected,
    excess: failures - expected,
    peak: Math.max(0, ...inside.map((s) => s.bin.failures ?? 0)),
    pValue: Math.min(1, ...inside.map((s) => s.pValue)),
    foundMs: (steps[opened]?.bin.startMs ?? 0) + binMs,
  };
}
