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
  /** The stated interval of clients that failed because of it; null where a detector states none. */
  readonly affected: { readonly low: number; readonly high: number } | null;
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
  /** Harmless cases by name: how often each was played, and how often without any spike. */
  readonly harmless: Readonly<Record<string, Share>>;
  readonly missed_by_script: Readonly<Record<string, number>>;
  /** From the first failed request to the first round that told it. */
  readonly delay: Delay;
  /** With at least 20 added clients a minute on a background of at most 12; with 5 to 20 on a background below 1.2. */
  readonly delay_strong: Delay;
  readonly delay_weak: Delay;
  readonly oracle_delay: Delay;
  /** Of one who knows, for the strong ones that were told: those that rise slowly have few failures at first, whatever they come to. */
  readonly oracle_delay_strong: Delay;
  /** All others: told within twice the time that one who knows would take, and half a minute for the report's way. */
  readonly delay_like_oracle: Share;
  /** Wrong spikes that began in the first two hours, the first day and the first week of the history. */
  readonly false_first_2h: number;
  readonly false_first_day: number;
  readonly false_first_week: number;
  /** Wrong spikes that name a release. */
  readonly false_in_release: number;
  /** Spikes per incident, host and kind that has any. */
  readonly pieces: number | null;
  /** Of the surest spike of each incident told that lies in places: the very places; these or a coarser name; F1 over places. */
  readonly place_exact: Share;
  readonly place_parent: Share;
  /** Over the places that the oracle could name: others neither have to be named nor are wrong by a coarser name. And over all. */
  readonly place_f1: number | null;
  readonly place_f1_all: number | null;
  /** Places named where the incident is everywhere; and where nothing happened, by chance or while a harmless case changed the level. */
  readonly place_claimed_everywhere: Share;
  readonly place_claimed_noise: Share;
  readonly place_claimed_drift: Share;
  /** Whether the stated interval of affected clients holds their true number, of the surest spike of each incident told. */
  readonly interval: Share;
  readonly verdict: Share;
  /** Made-up reports of one network that are told with "nothing else supports it". */
  readonly fakes_uncorroborated: Share;
}

/** After an incident, its late reports may still open or prolong a spike, s. */
const AFTER_S = 300;
const WEEK_S = 7 * 86_400;
/** Probing, batching, upload, the bin and the round, s. */
const WAY_S = 30;

const share = (hits: number, of: number): Share => ({ of, hits, share: of === 0 ? null : hits / of });
const sameWhere = (a: Where, b: Where): boolean => contains(a, b) && contains(b, a);
/** Whether `inner` says all that `outer` says. */
const contains = (outer: Where, inner: Where): boolean => Object.entries(outer).every(([d, value]) => inner[d] === value);

/** Whether a named place is the true one or a coarser name of it: fewer dimensions, or the country of its network. */
function isParent(named: Where, truth: Where): boolean {
  const country = truth['country'] ?? truth['network']?.split('/')[1];
  return contains(named, country === undefined ? truth : { ...truth, country });
}

/** Whether a spike is of a host of the incident, and of its time. */
export const touches = (spike: ScoredSpike, incident: IncidentRow): boolean =>
  spike.project === incident.project &&
  incident.hosts.includes(spike.host) &&
  spike.startS <= incident.end + AFTER_S &&
  (spike.endS ?? Infinity) >= incident.start;

/**
 * @param spikes - What a detector said. @param incidents - The truth. @param spanS - Length of the history, s, > 0.
 * @param fromS - Its start, s.
 * @returns Figures with their denominators. Never throws.
 */
export function score(spikes: readonly ScoredSpike[], incidents: readonly IncidentRow[], spanS: number, fromS = 0): Score {
  const real = incidents.filter((i) => !i.harmless && !i.fake && i.injected > 0);
  const toldBy = (i: IncidentRow): ScoredSpike[] => spikes.filter((s) => touches(s, i) && i.kinds.includes(s.kind));
  const told = new Map(incidents.filter((i) => !i.harmless).map((i) => [i, toldBy(i)]));
  const right = new Set([...told.values()].flat());
  const wrong = spikes.filter((s) => !right.has(s));
  const found = real.filter((i) => (told.get(i)?.length ?? 0) > 0);
  const recall = (least: number): Share =>
    share(found.filter((i) => i.oracle_log10_p < least).length, real.filter((i) => i.oracle_log10_p < least).length);
  const surest = (i: IncidentRow): ScoredSpike | undefined => [...(told.get(i) ?? [])].sort((a, b) => a.pValue - b.pValue)[0];

  const delayOfOne = (i: IncidentRow): number => Math.min(...(told.get(i) ?? []).map((s) => s.reportedS)) - (i.first_failure ?? i.start);
  const delays = (of: readonly IncidentRow[]): Delay => delayOf(of.map(delayOfOne));
  const perMinute = (i: IncidentRow): { added: number; background: number } => {
    const minutes = Math.max(1 / 6, (i.end - i.start) / 60);
    return { added: (i.observed - i.background) / minutes, background: i.background / minutes };
  };
  const strong = found.filter((i) => perMinute(i).added >= 20 && perMinute(i).background <= 12);
  const weak = found.filter((i) => perMinute(i).added >= 5 && perMinute(i).added < 20 && perMinute(i).background < 1.2);
  const others = found.filter((i) => !strong.includes(i) && !weak.includes(i) && i.oracle_found !== null);
  const early = (withinS: number): number => wrong.filter((s) => s.startS < fromS + withinS).length;
  const oracle = found.filter((i) => i.oracle_found !== null);

  const oracleDelayOf = (i: IncidentRow): number => (i.oracle_found ?? 0) - (i.first_failure ?? i.start);
  const oracleDelays = (of: readonly IncidentRow[]): Delay => delayOf(of.map(oracleDelayOf));

  const placed = found.flatMap((i) => {
    const named = surest(i)?.places ?? null;
    return i.places.length === 0 || named === null
      ? []
      : [{ truth: i.places, named, placeable: i.places.filter((_, n) => i.placeable?.[n] !== false) }];
  });
  const claimed = (of: readonly ScoredSpike[]): Share => {
    const told = of.filter((s) => s.places !== null);
    return share(told.filter((s) => (s.places?.length ?? 0) > 0).length, told.length);
  };
  const harmless = incidents.filter((i) => i.harmless);
  // Where made-up reports come from one place, that is where they lie.
  const groundless = wrong.filter((s) => !harmless.some((i) => i.injected > 0 && touches(s, i)));
  const intervals = found.flatMap((i) => {
    const spike = surest(i);
    const truth = spike === undefined ? undefined : i.affected?.[spike.host];
    return truth === undefined || spike?.affected == null ? [] : [spike.affected.low <= truth && truth <= spike.affected.high];
  });
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
    harmless: Object.fromEntries(
      [...countBy(harmless, (i) => i.script)].map(([script, played]) => {
        const told = harmless.filter((i) => i.script === script && wrong.some((s) => touches(s, i)));
        return [script, share(played - told.length, played)];
      }),
    ),
    missed_by_script: Object.fromEntries(
      countBy(
        real.filter((i) => !found.includes(i)),
        (i) => i.script,
      ),
    ),
    delay: delays(found),
    delay_strong: delays(strong),
    delay_weak: delays(weak),
    oracle_delay: oracleDelays(oracle),
    oracle_delay_strong: oracleDelays(strong.filter((i) => i.oracle_found !== null)),
    delay_like_oracle: share(others.filter((i) => delayOfOne(i) <= 2 * oracleDelayOf(i) + WAY_S).length, others.length),
    false_first_2h: early(2 * 3_600),
    false_first_day: early(WEEK_S / 7),
    false_first_week: early(WEEK_S),
    false_in_release: wrong.filter((s) => s.places?.some((place) => place['release'] !== undefined) === true).length,
    pieces: pieces.length === 0 ? null : pieces.reduce((s, n) => s + n, 0) / pieces.length,
    place_exact: share(
      placed.filter((p) => p.truth.length === p.named.length && p.truth.every((t) => p.named.some((w) => sameWhere(t, w)))).length,
      placed.length,
    ),
    place_parent: share(
      placed.filter((p) => p.named.length > 0 && p.named.every((w) => p.truth.some((t) => isParent(w, t)))).length,
      placed.length,
    ),
    place_f1: f1(
      placed.map(({ truth, named, placeable }) => {
        const hidden = truth.filter((t) => !placeable.includes(t));
        return {
          truth: placeable,
          named: named.filter((w) => placeable.some((t) => sameWhere(t, w)) || !hidden.some((t) => isParent(w, t))),
        };
      }),
    ),
    place_f1_all: f1(placed),
    place_claimed_everywhere: claimed(found.filter((i) => i.places.length === 0).flatMap((i) => surest(i) ?? [])),
    place_claimed_noise: claimed(groundless.filter((s) => !harmless.some((i) => touches(s, i)))),
    place_claimed_drift: claimed(groundless.filter((s) => harmless.some((i) => touches(s, i)))),
    interval: share(intervals.filter(Boolean).length, intervals.length),
    verdict: share(judged.filter(Boolean).length, judged.length),
    fakes_uncorroborated: share(fakes.filter((i) => (told.get(i) ?? []).every((s) => s.uncorroborated)).length, fakes.length),
  };
}

/** F1 of names over all incidents; null without any name. */
function f1(placed: readonly { readonly truth: readonly Where[]; readonly named: readonly Where[] }[]): number | null {
  const hits = placed.reduce((n, p) => n + p.truth.filter((t) => p.named.some((w) => sameWhere(t, w))).length, 0);
  const total = placed.reduce((n, p) => n + p.truth.length + p.named.length, 0);
  return total === 0 ? null : (2 * hits) / total;
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
