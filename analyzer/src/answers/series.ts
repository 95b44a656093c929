import { expect } from '../detect/expect.js';
import { publish } from '../publish/publish.js';
import type { Published, PublishedSeries } from '../publish/shapes.js';
import { ask, seconds } from '../queries/ask.js';
import { seriesOfKind10s, seriesOfKind1h, seriesOfKind1m } from '../queries/series-of-kind.js';
import type { SeriesRow } from '../queries/series-of-kind.js';
import { policyOf } from './settings.js';
import type { AnswerDeps } from './settings.js';

const HOUR_MS = 3_600_000;
/** Quiet time read before the asked stretch, so that its first bins have something to be expected from. */
const LEAD_MS = 3 * HOUR_MS;
/** A 10 s rollup is kept three days. */
const KEPT_10S_MS = 3 * 24 * HOUR_MS;

export interface SeriesAnswer extends PublishedSeries {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly bin_seconds: number;
}
export interface SeriesAsked {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** 10 s up to 3 hours, minutes up to 2 days, else hours; coarser where the finer rollup is gone. */
export function binOf(fromMs: number, toMs: number, nowMs: number): 10_000 | 60_000 | 3_600_000 {
  const span = toMs - fromMs;
  if (span <= 3 * HOUR_MS && nowMs - fromMs + LEAD_MS < KEPT_10S_MS) return 10_000;
  return span <= 48 * HOUR_MS ? 60_000 : 3_600_000;
}

/** One series of failing clients by both clocks with the band of what was to be expected. */
export async function seriesAnswer(
  asked: SeriesAsked,
  deps: AnswerDeps,
): Promise<{ answer: Published<SeriesAnswer>; busiestMs: number | null }> {
  const { project, host, kind } = asked;
  const nowMs = deps.now();
  const binMs = binOf(asked.fromMs, asked.toMs, nowMs);
  const latest = deps.state().latest;
  const heardMs = latest?.heardMs.get(project) ?? -Infinity;
  const floor = (ms: number): number => Math.floor(ms / binMs) * binMs;
  const startMs = Math.max(floor(asked.fromMs - LEAD_MS), Math.min(Math.ceil(heardMs / binMs) * binMs, floor(asked.fromMs)));
  const endMs = Math.max(startMs, floor(Math.min(asked.toMs, nowMs)));
  const question = binMs === 10_000 ? seriesOfKind10s : binMs === 60_000 ? seriesOfKind1m : seriesOfKind1h;
  const rows = await ask(deps.client, question, { project, host, kind, from: seconds(startMs), to: seconds(endMs) });
  const fill = (clock: SeriesRow['clock']): number[] => {
    const bins = Array<number>(Math.round((endMs - startMs) / binMs)).fill(0);
    for (const row of rows) if (row.clock === clock) bins[Math.round((row.bin * 1000 - startMs) / binMs)] = row.clients;
    return bins;
  };
  const failures = fill('event');
  const arrivals = fill('arrival');
  const completeness = failures.map((_, i) => latest?.completeness(nowMs - (startMs + (i + 1) * binMs)) ?? 1);
  const band = expect({ startMs, binMs, failures, completeness }, latest?.detectOptions);
  const bins = band.map((e, i) => ({
    startMs: e.startMs,
    clients: e.observed,
    arrivals: arrivals[i] ?? 0,
    expected: e.expected,
    low: e.low,
    high: e.high,
    completeness: completeness[i] ?? 1,
    learning: e.learning,
  }));
  const said = publish({ shape: 'series', bins: bins.filter((b) => b.startMs >= asked.fromMs - binMs) }, policyOf(deps, project));
  return { answer: { project, host, kind, bin_seconds: binMs / 1000, ...said }, busiestMs: busiest(bins, asked.fromMs) };
}

/** A moment in the ten minutes of the grid with the most failures, at or after `fromMs`; null without any. */
function busiest(bins: readonly { startMs: number; clients: number | null }[], fromMs: number): number | null {
  const sums = new Map<number, number>();
  for (const bin of bins) {
    const window = Math.floor(bin.startMs / 600_000) * 600_000;
    if (bin.startMs >= fromMs) sums.set(window, (sums.get(window) ?? 0) + (bin.clients ?? 0));
  }
  const best = [...sums].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0];
  return best === undefined || best[1] === 0 ? null : best[0];
}
