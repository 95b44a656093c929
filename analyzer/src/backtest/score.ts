/** What was said beside what truly happened. Pure. */
import { claimed, firstWords, judgement, lastWords, share } from './judgement.js';
import type { Judgement, Share, Telling, Words, Said } from './judgement.js';
import type { IncidentRow } from './rows.js';

export interface ScoredSpike extends Words {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly startS: number;
  readonly endS: number | null;
  /** When it was told first. */
  readonly reportedS: number;
  readonly pValue: number;
  /** The stated interval of clients that failed because of it; null where a detector states none. */
  readonly affected: { readonly low: number; readonly high: number } | null;
  /** What was said of it when it was told first. Missing: the same. */
  readonly first?: Words;
}

export interface Delay {
  readonly of: number;
  readonly median_s: number | null;
  readonly p95_s: number | null;
}

/** The judgement of its own fields is that of the surest spike of each incident told, by its last words. */
export interface Score extends Judgement {
  /** The same spikes by what was said when each was told first; and all spikes that tell an incident, by their last and by their first words. */
  readonly first_told: Judgement;
  readonly all: Judgement;
  readonly all_first_told: Judgement;
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
  /** Those of them that the oracle finds at p < 1e-12: how many clients failed, at how many hosts. */
  readonly missed: readonly {
    readonly id: string;
    readonly script: string;
    readonly clients: number;
    readonly hosts: number;
    readonly oracle_log10_p: number;
  }[];
  /** From the first failed request to the first round that told it. */
  readonly delay: Delay;
  /** With at least 20 added clients a minute on a background of at most 12; with 5 to 20 on a background below 1.2. */
  readonly delay_strong: Delay;
  readonly delay_weak: Delay;
  readonly oracle_delay: Delay;
  /** Of one who knows, for the strong ones that were told: those that rise slowly have few failures at first, whatever they come to. */
  readonly oracle_delay_strong: Delay;
  /** All others: told within twice the time that one who knows would take and half a minute for the report's way; and without that half minute. */
  readonly delay_like_oracle: Share;
  readonly delay_within_twice_oracle: Share;
  /** Wrong spikes that began in the first two hours, the first day and the first week of the history. */
  readonly false_first_2h: number;
  readonly false_first_day: number;
  readonly false_first_week: number;
  /** Wrong spikes that name a release. */
  readonly false_in_release: number;
  /** Spikes per incident, host and kind that has any. */
  readonly pieces: number | null;
  /** Places named where nothing happened, by chance or while a harmless case changed the level. */
  readonly place_claimed_noise: Share;
  readonly place_claimed_drift: Share;
  /** Whether the stated interval of affected clients holds their true number, of the surest spike of each incident told. */
  readonly interval: Share;
}

/** After an incident, its late reports may still open or prolong a spike, s. */
const AFTER_S = 300;
/** How much earlier than it a spike that tells an incident may have begun: clocks of devices are wrong, and starts are estimates, s. */
const BEFORE_S = 300;
const WEEK_S = 7 * 86_400;
/** Probing, batching, upload, the bin and the round, s. */
const WAY_S = 30;

/** Whether a spike is of a host of the incident, and of its time. */
const touches = (spike: ScoredSpike, incident: IncidentRow): boolean =>
  spike.project === incident.project &&
  incident.hosts.includes(spike.host) &&
  spike.startS <= incident.end + AFTER_S &&
  (spike.endS ?? Infinity) >= incident.start;

/** Whether a spike tells an incident: what was told before anything failed, or began long before, is about something else. */
export const tells = (spike: ScoredSpike, incident: IncidentRow): boolean =>
  touches(spike, incident) &&
  incident.kinds.includes(spike.kind) &&
  spike.reportedS >= (incident.first_failure ?? incident.start) &&
  spike.startS >= incident.start - BEFORE_S;

/**
 * @param spikes - What a detector said. @param incidents - The truth. @param spanS - Length of the history, s, > 0.
 * @param fromS - Its start, s.
 * @returns Figures with their denominators. Never throws.
 */
export function score(spikes: readonly ScoredSpike[], incidents: readonly IncidentRow[], spanS: number, fromS = 0): Score {
  const real = incidents.filter((i) => !i.harmless && !i.fake && i.injected > 0);
  const toldBy = (i: IncidentRow): ScoredSpike[] => spikes.filter((s) => tells(s, i));
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
  const withinTwice = (slackS: number): Share =>
    share(others.filter((i) => delayOfOne(i) <= 2 * oracleDelayOf(i) + slackS).length, others.length);
  const oracleDelays = (of: readonly IncidentRow[]): Delay => delayOf(of.map(oracleDelayOf));

  const allOf = (i: IncidentRow): Telling[] => (told.get(i) ?? []).map((spike) => ({ incident: i, spike }));
  const surestOf = (i: IncidentRow): Telling[] => allOf(i).filter(({ spike }) => spike === surest(i));
  const fakes = incidents.filter((i) => i.fake).map(allOf);
  const judge = (of: (i: IncidentRow) => Telling[], said: Said): Judgement => judgement(found.flatMap(of), fakes, said);
  const harmless = incidents.filter((i) => i.harmless);
  // Where made-up reports come from one place, that is where they lie.
  const groundless = wrong.filter((s) => !harmless.some((i) => i.injected > 0 && touches(s, i)));
  const intervals = found.flatMap((i) => {
    const spike = surest(i);
    const truth = spike === undefined ? undefined : i.affected?.[spike.host];
    return truth === undefined || spike?.affected == null ? [] : [spike.affected.low <= truth && truth <= spike.affected.high];
  });
  const pieces = found.flatMap((i) => [...countBy(told.get(i) ?? [], (s) => `${s.host} ${s.kind}`).values()]);
  const misses = real.filter((i) => !found.includes(i));

  return {
    ...judge(surestOf, lastWords),
    first_told: judge(surestOf, firstWords),
    all: judge(allOf, lastWords),
    all_first_told: judge(allOf, firstWords),
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
    missed_by_script: Object.fromEntries(countBy(misses, (i) => i.script)),
    missed: misses
      .filter((i) => i.oracle_log10_p < -12)
      .map(({ id, script, injected, affected = {}, oracle_log10_p }) => ({
        id,
        script,
        clients: injected,
        hosts: Object.keys(affected).length,
        oracle_log10_p,
      })),
    delay: delays(found),
    delay_strong: delays(strong),
    delay_weak: delays(weak),
    oracle_delay: oracleDelays(oracle),
    oracle_delay_strong: oracleDelays(strong.filter((i) => i.oracle_found !== null)),
    delay_like_oracle: withinTwice(WAY_S),
    delay_within_twice_oracle: withinTwice(0),
    false_first_2h: early(2 * 3_600),
    false_first_day: early(WEEK_S / 7),
    false_first_week: early(WEEK_S),
    false_in_release: wrong.filter((s) => s.places?.some((place) => place['release'] !== undefined) === true).length,
    pieces: pieces.length === 0 ? null : pieces.reduce((s, n) => s + n, 0) / pieces.length,
    place_claimed_noise: claimed(groundless.filter((s) => !harmless.some((i) => touches(s, i)))),
    place_claimed_drift: claimed(groundless.filter((s) => harmless.some((i) => touches(s, i)))),
    interval: share(intervals.filter(Boolean).length, intervals.length),
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
