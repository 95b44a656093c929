/** What was said beside what truly happened. Pure. */
import type { IncidentRow } from './rows.js';

type Where = Readonly<Record<string, string>>;

export interface ScoredSpike {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly startS: number;
  readonly endS: number | null;
  /** When it was told first. */
  readonly reportedS: number;
  /** Null where a detector names no places. */
  readonly places: readonly Where[] | null;
  readonly verdict: string | null;
  readonly uncorroborated: boolean;
  readonly pValue: number;
}

export interface Share {
  readonly of: number;
  readonly hits: number;
  /** hits ÷ of; null of none. */
  readonly share: number | null;
}

export interface Delay {
  readonly of: number;
  readonly median_s: number | null;
  readonly p95_s: number | null;
}

export interface Score {
  readonly spikes: number;
  /** Spikes that tell an incident; one of a harmless case is wrong. */
  readonly precision: Share;
  /** Incidents that someone should be told of; those that the oracle finds at p < 1e-12, and at p < 1e-30. */
  readonly recall: Share;
  readonly recall_oracle_1e12: Share;
  readonly recall_oracle_1e30: Share;
  readonly false_spikes: number;
  readonly false_per_week: number;
  /** Wrong spikes by the harmless case that they lie in; `none` outside of all. */
  readonly false_by_case: Readonly<Record<string, number>>;
  readonly missed_by_script: Readonly<Record<string, number>>;
  /** From the first failed request to the first round that told it. */
  readonly delay: Delay;
  /** With at least 20 added clients a minute on a background of at most 12; with 5 to 20 on a background below 1.2. */
  readonly delay_strong: Delay;
  readonly delay_weak: Delay;
  readonly oracle_delay: Delay;
  /** Spikes per incident, host and kind that has any. */
  readonly pieces: number | null;
  /** Of the surest spike of each incident told that lies in places: the very places; these or a coarser name; F1 over places. */
  readonly place_exact: Share;
  readonly place_parent: Share;
  readonly place_f1: number | null;
  /** Places named where the incident is everywhere, or nothing happened. */
  readonly place_claimed_wrongly: Share;
  readonly verdict: Share;
  /** Made-up reports of one network that are told with "nothing else supports it". */
  readonly fakes_uncorroborated: Share;
}

/** After an incident, its late reports may still open or prolong a spike, s. */
const AFTER_S = 300;
const WEEK_S = 7 * 86_400;

const share = (hits: number, of: number): Share => ({ of, hits, share: of === 0 ? null : hits / of });
const sameWhere = (a: Where, b: Where): boolean => contains(a, b) && contains(b, a);
/** Whether `inner` says all that `outer` says. */
const contains = (outer: Where, inner: Where): boolean => Object.entries(outer).every(([d, value]) => inner[d] === value);

/** Whether a named place is the true one or a coarser name of it: fewer dimensions, or the country of its network. */
function isParent(named: Where, truth: Where): boolean {
  const country = truth['country'] ?? truth['network']?.split('/')[1];
  return contains(named, country === undefined ? truth : { ...truth, country });
}

const touches = (spike: ScoredSpike, incident: IncidentRow): boolean =>
  spike.project === incident.project &&
  incident.hosts.includes(spike.host) &&
  spike.startS <= incident.end + AFTER_S &&
  (spike.endS ?? Infinity) >= incident.start;

/**
 * @param spikes - What a detector said. @param incidents - The truth. @param spanS - Length of the history, s, > 0.
 * @returns Figures with their denominators. Never throws.
 */
export function score(spikes: readonly ScoredSpike[], incidents: readonly IncidentRow[], spanS: number): Score {
  const real = incidents.filter((i) => !i.harmless && !i.fake && i.injected > 0);
  const toldBy = (i: IncidentRow): ScoredSpike[] => spikes.filter((s) => touches(s, i) && i.kinds.includes(s.kind));
  const told = new Map(incidents.filter((i) => !i.harmless).map((i) => [i, toldBy(i)]));
  const right = new Set([...told.values()].flat());
  const wrong = spikes.filter((s) => !right.has(s));
  const found = real.filter((i) => (told.get(i)?.length ?? 0) > 0);
  const recall = (least: number): Share =>
    share(found.filter((i) => i.oracle_log10_p < least).length, real.filter((i) => i.oracle_log10_p < least).length);
  const surest = (i: IncidentRow): ScoredSpike | undefined => [...(told.get(i) ?? [])].sort((a, b) => a.pValue - b.pValue)[0];

  const delays = (of: readonly IncidentRow[]): Delay =>
    delayOf(of.map((i) => Math.min(...(told.get(i) ?? []).map((s) => s.reportedS)) - (i.first_failure ?? i.start)));
  const perMinute = (i: IncidentRow): { added: number; background: number } => {
    const minutes = Math.max(1 / 6, (i.end - i.start) / 60);
    return { added: (i.observed - i.background) / minutes, background: i.background / minutes };
  };
  const strong = found.filter((i) => perMinute(i).added >= 20 && perMinute(i).background <= 12);
  const weak = found.filter((i) => perMinute(i).added >= 5 && perMinute(i).added < 20 && perMinute(i).background < 1.2);
  const oracle = found.filter((i) => i.oracle_found !== null);

  const placed = found.flatMap((i) => {
    const named = surest(i)?.places ?? null;
    return i.places.length === 0 || named === null ? [] : [{ truth: i.places, named }];
  });
  const hits = placed.reduce((n, p) => n + p.truth.filter((t) => p.named.some((w) => sameWhere(t, w))).length, 0);
  const total = placed.reduce((n, p) => n + p.truth.length + p.named.length, 0);
  const unplaced = [...found.filter((i) => i.places.length === 0).flatMap((i) => surest(i) ?? []), ...wrong].filter(
    (s) => s.places !== null,
  );
  const judged = found.flatMap((i) => {
    const verdict = surest(i)?.verdict ?? null;
    return verdict === null ? [] : [verdict === i.verdict];
  });
  const fakes = incidents.filter((i) => i.fake && (told.get(i)?.length ?? 0) > 0);
  const pieces = found.flatMap((i) => [...countBy(told.get(i) ?? [], (s) => `${s.host} ${s.kind}`).values()]);

  return {
    spikes: spikes.length,
    precision: share(right.size, spikes.length),
    recall: recall(Infinity),
    recall_oracle_1e12: recall(-12),
    recall_oracle_1e30: recall(-30),
    false_spikes: wrong.length,
    false_per_week: (wrong.length * WEEK_S) / spanS,
    false_by_case: Object.fromEntries(countBy(wrong, (s) => incidents.find((i) => i.harmless && touches(s, i))?.script ?? 'none')),
    missed_by_script: Object.fromEntries(
      countBy(
        real.filter((i) => !found.includes(i)),
        (i) => i.script,
      ),
    ),
    delay: delays(found),
    delay_strong: delays(strong),
    delay_weak: delays(weak),
    oracle_delay: delayOf(oracle.map((i) => (i.oracle_found ?? 0) - (i.first_failure ?? i.start))),
    pieces: pieces.length === 0 ? null : pieces.reduce((s, n) => s + n, 0) / pieces.length,
    place_exact: share(
      placed.filter((p) => p.truth.length === p.named.length && p.truth.every((t) => p.named.some((w) => sameWhere(t, w)))).length,
      placed.length,
    ),
    place_parent: share(
      placed.filter((p) => p.named.length > 0 && p.named.every((w) => p.truth.some((t) => isParent(w, t)))).length,
      placed.length,
    ),
    place_f1: total === 0 ? null : (2 * hits) / total,
    place_claimed_wrongly: share(unplaced.filter((s) => (s.places?.length ?? 0) > 0).length, unplaced.length),
    verdict: share(judged.filter(Boolean).length, judged.length),
    fakes_uncorroborated: share(fakes.filter((i) => (told.get(i) ?? []).every((s) => s.uncorroborated)).length, fakes.length),
  };
}

function countBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(keyOf(value), (counts.get(keyOf(value)) ?? 0) + 1);
  return counts;
}

function delayOf(delays: readonly number[]): Delay {
  const sorted = [...delays].sort((a, b) => a - b);
  const at = (q: number): number | null => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null;
  return { of: sorted.length, median_s: at(0.5), p95_s: at(0.95) };
}
