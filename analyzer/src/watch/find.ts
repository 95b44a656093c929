/** From series to findings: one per thing that went wrong, not one per series that shows it. */
import { detect } from '../detect/detect.js';
import type { DetectOptions, Spike } from '../detect/series.js';
import type { SeriesOf, WatchedSeries } from './build-series.js';

/** Spikes of one key that are no farther apart are one. */
export const ADOPT_MS = 15 * 60_000;

export interface Finding extends SeriesOf {
  readonly spike: Spike;
}

/**
 * Detects in every series and joins spikes of one series that are less than 15 min apart.
 *
 * @param since - Findings that ended before this (ms) are dropped: they are stored already, or too old to matter.
 */
export function findSpikes(watched: readonly WatchedSeries[], options: DetectOptions, since: number): Finding[] {
  return watched.flatMap((w) =>
    joined(detect(w.series, options))
      .filter((spike) => spike.endMs === null || spike.endMs >= since)
      .map((spike) => ({ project: w.project, host: w.host, kind: w.kind, network: w.network, spike })),
  );
}

/** Spikes less than `ADOPT_MS` apart as one. */
export function joined(spikes: readonly Spike[]): Spike[] {
  const result: Spike[] = [];
  for (const spike of spikes) {
    const last = result.at(-1);
    if (last?.endMs != null && spike.startMs - last.endMs <= ADOPT_MS) {
      result[result.length - 1] = {
        startMs: last.startMs,
        endMs: spike.endMs,
        failures: last.failures + spike.failures,
        expected: last.expected + spike.expected,
        excess: last.excess + spike.excess,
        peak: Math.max(last.peak, spike.peak),
        pValue: Math.min(last.pValue, spike.pValue),
        foundMs: last.foundMs,
      };
    } else result.push(spike);
  }
  return result;
}

/** Whether two stretches touch, with the slack of adoption. */
export function touches(a: { startMs: number; endMs: number | null }, b: { startMs: number; endMs: number | null }): boolean {
  return a.startMs <= (b.endMs ?? Infinity) + ADOPT_MS && b.startMs <= (a.endMs ?? Infinity) + ADOPT_MS;
}

/**
 * Whether a finding inside one network is already told by one of the whole host: that one lies everywhere, or in this network,
 * or in another kind of place that may hold it.
 */
export function isToldBy(
  inNetwork: Finding,
  whole: Finding,
  placesOfWhole: readonly Readonly<Record<string, string | undefined>>[],
): boolean {
  const same = inNetwork.project === whole.project && inNetwork.host === whole.host && inNetwork.kind === whole.kind;
  if (!same || !touches(inNetwork.spike, whole.spike)) return false;
  const networks = placesOfWhole.map((p) => p['network']).filter((n) => n !== undefined);
  return networks.length === 0 || networks.includes(inNetwork.network ?? '');
}
