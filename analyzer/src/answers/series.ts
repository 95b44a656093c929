import { expect } from '../detect/expect.js';
import { publish } from '../publish/publish.js';
import type { Published, PublishedSeries } from '../publish/shapes.js';
import { ask, seconds } from '../queries/ask.js';
import { seriesOfKind10s, seriesOfKind1h, seriesOfKind1m } from '../queries/series-of-kind.js';
import type { Series } from '../detect/series.js';
import { seriesOf, subjectOf } from '../watch/build-series.js';
import { WHOLE_BIN_MS } from '../watch/round.js';
import { policyOf } from './settings.js';
import type { AnswerDeps } from './settings.js';

const HOUR_MS = 3_600_000;
/** Quiet time read before the asked stretch, so that its first bins have something to be expected from. */
const LEAD_MS = 3 * HOUR_MS;
/** The series of the last round is drawn where it has so much of it: the level is that of two hours. */
const LEAST_LEAD_MS = 2 * HOUR_MS;
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
  const of = { project, host, kind, where: {} };
  const handed = binMs === WHOLE_BIN_MS ? latest?.wholes.get(subjectOf(of))?.series : undefined;
  const series = handed !== undefined && handed.startMs <= Math.max(startMs, asked.fromMs - LEAST_LEAD_MS) ? handed : built();
  const arrivals = new Map(rows.filter(({ clock }) => clock === 'arrival').map((row) => [row.bin * 1000, row.clients]));
  const bins = expect(series, latest?.optionsOf(of)).flatMap((e, i) => {
    const { startMs: atMs, observed: clients, expected, low, high, learning } = e;
    if (atMs < startMs || atMs >= endMs) return [];
    const arrived = arrivals.get(atMs) ?? 0;
    return { startMs: atMs, clients, arrivals: arrived, expected, low, high, completeness: series.completeness?.[i] ?? 1, learning };
  });
  const said = publish({ shape: 'series', binMs, bins: bins.filter((b) => b.startMs >= asked.fromMs - binMs) }, policyOf(deps, project));
  return { answer: { project, host, kind, bin_seconds: binMs / 1000, ...said }, busiestMs: busiest(bins, asked.fromMs) };

  /** As the round builds it, of a stretch that it did not look at. */
  function built(): Series {
    const counts = rows.filter(({ clock }) => clock === 'event');
    const completeness = (ageMs: number): number => latest?.knows.completeness(ageMs + nowMs - endMs) ?? 1;
    const options = {
      ...latest?.knows,
      binMs,
      fromMs: () => startMs,
      nowMs: endMs,
      watched: () => true,
      firstHeardMs: () => startMs,
      completeness,
    };
    const whole = seriesOf(of, counts, options)?.series ?? { startMs, binMs, failures: [] };
    // Of the time before the host joined nothing is known; to the detector it is not there.
    const joinedMs = latest?.joinedMs(project, host) ?? -Infinity;
    return { ...whole, failures: whole.failures.map((n, i) => (startMs + i * binMs < Math.floor(joinedMs / binMs) * binMs ? null : n)) };
  }
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
