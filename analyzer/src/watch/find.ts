/** From series to findings: one per thing that went wrong, not one per series that shows it. */
import { spikesOf } from '../detect/detect.js';
import type { DetectOptions, Spike } from '../detect/series.js';
import { walk } from '../detect/walk.js';
import type { Walk } from '../detect/walk.js';
import { trendOf } from './trend.js';
import type { Trend } from './trend.js';
import { bySubject } from './build-series.js';
import type { SeriesOf, WatchedSeries } from './build-series.js';
import { PLACE_WEIGHT } from './budget.js';

/** Spikes of one key that are no farther apart are one. */
export const ADOPT_MS = 15 * 60_000;

export interface Finding extends SeriesOf {
  readonly spike: Spike;
  /** Of one that lasts, once it is old enough to be compared with itself. */
  readonly trend?: Trend | undefined;
}

/** What a look at one series gives. */
export interface Looked {
  readonly findings: readonly Finding[];
  /** Usual failures per second and exposure 1; undefined while learning. */
  readonly perSecond: number | undefined;
  readonly walked: Walk;
  /** All spikes in the look-back, those over for long included. */
  readonly spikes: readonly Spike[];
}

/**
 * Detects in a series and joins its spikes that are less than 15 min apart.
 *
 * @param since - Findings that ended before this (ms) are dropped: they are stored already, or too old to matter.
 */
export function look({ series, ...of }: WatchedSeries, options: DetectOptions, since: number): Looked {
  const walked = walk(series, options);
  const spikes = joined(spikesOf(series, walked));
  const findings = spikes
    .filter((spike) => spike.endMs === null || spike.endMs >= since)
    .map((spike) => {
      const trend = spike.endMs === null ? trendOf(spike, series.startMs, walked) : undefined;
      return { project: of.project, host: of.host, kind: of.kind, where: of.where, spike, ...(trend !== undefined && { trend }) };
    });
  const learning = walked.learning.at(-1) !== 0;
  return { findings, perSecond: learning ? undefined : (walked.level * 1000) / walked.binMs, walked, spikes };
}

/** Failing clients of a place after the whole host is quiet again from which on the place has a spike of its own. */
const LEAST_AFTER = 3;

/**
 * The findings of a place that no spike of the whole host tells: sparse places take longer to be quiet again than the whole, and are no
 * spike of their own for that.
 */
export function notTold({ findings, walked }: Looked, { series }: WatchedSeries, wholes: readonly Spike[]): readonly Finding[] {
  return findings.filter(
    ({ spike }) =>
      !wholes.some((whole) => {
        if (!touches(spike, whole)) return false;
        if (whole.endMs === null) return true;
        const first = Math.max(0, Math.ceil((whole.endMs - series.startMs) / walked.binMs) + 1);
        return walked.bins.failures.subarray(first).reduce((sum, x) => sum + (Number.isNaN(x) ? 0 : x), 0) < LEAST_AFTER;
      }),
  );
}

/** The series of a place with what its share of the whole lets expect; undefined while the whole is still being learnt. */
export function withPrior(watched: WatchedSeries, wholePerSecond: number | undefined, share: number): WatchedSeries | undefined {
  if (wholePerSecond === undefined) return undefined;
  const perBin = (wholePerSecond * share * watched.series.binMs) / 1000;
  return { ...watched, series: { ...watched.series, prior: { perBin, weight: PLACE_WEIGHT } } };
}

/** Spikes less than `ADOPT_MS` apart as one. */
export function joined(spikes: readonly Spike[]): Spike[] {
  const result: Spike[] = [];
  for (const spike of spikes) {
    const last = result.at(-1);
    if (last?.endMs != null && spike.startMs - last.endMs <= ADOPT_MS) result[result.length - 1] = together(last, spike);
    else result.push(spike);
  }
  return result;
}

function together(a: Spike, b: Spike): Spike {
  return {
    startMs: Math.min(a.startMs, b.startMs),
    endMs: a.endMs === null || b.endMs === null ? null : Math.max(a.endMs, b.endMs),
    failures: a.failures + b.failures,
    expected: a.expected + b.expected,
    excess: a.excess + b.excess,
    peak: Math.max(a.peak, b.peak),
    pValue: Math.min(a.pValue, b.pValue),
    foundMs: Math.min(a.foundMs, b.foundMs),
  };
}

/** Whether two stretches touch, with the slack of adoption. */
export function touches(a: { startMs: number; endMs: number | null }, b: { startMs: number; endMs: number | null }): boolean {
  return a.startMs <= (b.endMs ?? Infinity) + ADOPT_MS && b.startMs <= (a.endMs ?? Infinity) + ADOPT_MS;
}

/** Findings of one project, host and kind at one time: one thing that went wrong, however many series show it. */
export interface Group extends SeriesOf {
  /** Of the surest that lasts. */
  readonly trend?: Trend | undefined;
  /** From the first start to the last end in the whole host where it shows there, else in places; counts are those of the surest. */
  readonly spike: Spike;
  /** The places in which it shows, the surest first; empty where it shows in the whole host. */
  readonly parts: readonly Finding[];
}

/** Joins findings of one project, host and kind that touch in time. */
export function grouped(findings: readonly Finding[]): Group[] {
  return [...bySubject(findings).values()].flatMap((own) => {
    const groups: Finding[][] = [];
    for (const f of own.sort((a, b) => a.spike.startMs - b.spike.startMs)) {
      const last = groups.find((g) => g.some((other) => touches(other.spike, f.spike)));
      if (last === undefined) groups.push([f]);
      else last.push(f);
    }
    return groups.map(groupOf);
  });
}

function groupOf(findings: readonly Finding[]): Group {
  const surest = [...findings].sort((a, b) => a.spike.pValue - b.spike.pValue);
  const wholes = surest.filter((f) => Object.keys(f.where).length === 0);
  const [first = surest[0]] = wholes;
  if (first === undefined) throw new RangeError('a group has at least one finding');
  // Minutes of a place take longer to be quiet than the whole host's ten seconds, which decides.
  const span = (wholes.length > 0 ? wholes : surest).reduce((all, f) => together(all, f.spike), first.spike);
  const { endMs, pValue, foundMs } = span;
  const startMs = Math.min(...surest.map((f) => f.spike.startMs));
  const { failures, expected, excess, peak } = first.spike;
  const { project, host, kind } = first;
  const { trend } = (wholes.length > 0 ? wholes : surest).find((f) => f.spike.endMs === null) ?? {};
  return {
    project,
    host,
    kind,
    ...(trend !== undefined && { trend }),
    where: wholes.length > 0 || surest.length > 1 ? {} : first.where,
    spike: { startMs, endMs, failures, expected, excess, peak, pValue, foundMs },
    parts: wholes.length > 0 ? [] : surest,
  };
}
