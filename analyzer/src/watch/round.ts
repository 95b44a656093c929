/** One round of watching: refresh, detect, place, judge, store. */
import { isDeepStrictEqual } from 'node:util';
import { refreshRollups } from '@outcry/storage';
import { DETECT_DEFAULTS } from '../detect/series.js';
import type { DetectOptions } from '../detect/series.js';
import { ask, seconds } from '../queries/ask.js';
import { clientsPerBin } from '../queries/clients-per-bin.js';
import { clientsPerPlace } from '../queries/clients-per-place.js';
import { firstHeard } from '../queries/first-heard.js';
import { lateness } from '../queries/lateness.js';
import { optionsOf, seriesTested } from './budget.js';
import type { Budget } from './budget.js';
import type { Burn } from './burn.js';
import type { BurnEpisode } from './burn-episode.js';
import { buildSeries, subjectOf, WATCHED_KINDS } from './build-series.js';
import type { BuildOptions, SeriesOf, WatchedSeries } from './build-series.js';
import { completenessOf } from './completeness.js';
import { examine } from './examine.js';
import { look, notTold, withPrior } from './find.js';
import type { Finding, Looked } from './find.js';
import type { Known } from './known.js';
import { mergedInto, notExamined } from './lifecycle.js';
import { lookBack } from './look-back.js';
import { isRenamed } from './renamed.js';
import type { Judged, Sibling } from './renamed.js';
import type { WatchDeps } from './settings.js';
import type { Shares, Where } from './shares.js';
import type { SpikeRecord } from './spike-record.js';
import { loadSpikes, saveSpikes } from './store-spikes.js';

const HOUR_MS = 3_600_000;
/** Findings that ended longer ago than this are not looked at again: three hours before them are still in the look-back. */
export const FORGET_MS = HOUR_MS;
export const WHOLE_BIN_MS = 10_000;
export const PLACE_BIN_MS = 60_000;
/** How far back a place has to have failed to be looked at: the longest sum that is tested. */
export const RECENT_MS = DETECT_DEFAULTS.longestMs;

type SubjectOf = Pick<SeriesOf, 'project' | 'host' | 'kind'>;

export interface HostBurn {
  readonly project: string;
  readonly host: string;
  readonly burn: Burn;
  /** Since when it burns too fast, short pauses included; null where the budget lasts. */
  readonly episode: BurnEpisode | null;
}

export interface RoundResult {
  readonly spikes: readonly SpikeRecord[];
  /** How the hosts with an objective stand to it. */
  readonly burns: readonly HostBurn[];
  readonly seriesTested: number;
  /** Since when each project has been heard, within the look-back, ms. */
  readonly heardMs: ReadonlyMap<string, number>;
  /** When a host was first heard of, where that is within the look-back; undefined where it was before, or never, ms. */
  readonly joinedMs: (project: string, host: string) => number | undefined;
  /** The series of the whole hosts as they were handed to the detector, by `subjectOf`, and the options of each: what a page draws. */
  readonly wholes: ReadonlyMap<string, WatchedSeries>;
  readonly optionsOf: (of: SubjectOf) => DetectOptions;
  /** Completeness, load and earlier days, for stretches that this round did not look at. */
  readonly knows: Pick<BuildOptions, 'completeness' | 'exposure' | 'history'>;
}

/** Runs one round. Rejects when storage is away; nothing is lost then, since the next round looks at the same stretch. */
export async function runRound(deps: WatchDeps, known: Known): Promise<RoundResult> {
  const nowMs = deps.now();
  await refreshRollups(deps.client, { nowMs });
  await known.refresh(deps);
  const { kept: stored, beaten } = await loadSpikes(deps.client, nowMs);
  const { oldestMs, fromMs } = lookBack(stored, nowMs);

  const span = { from: seconds(oldestMs), to: seconds(nowMs) };
  const perBin = await ask(deps.client, clientsPerBin, span);
  for (const { project, host, bin, clients } of perBin) if (clients > 0) known.heard.note(project, host, 'failures', bin * 1000);
  const perPlace = await ask(deps.client, clientsPerPlace, { ...span, recent: seconds(nowMs - RECENT_MS - PLACE_BIN_MS) });
  const heardMs = new Map((await ask(deps.client, firstHeard, { from: span.from })).map((r) => [r.project, r.first * 1000]));
  const [late] = await ask(deps.client, lateness, { from: seconds(nowMs - HOUR_MS) });
  const completeness = completenessOf(late);

  const { loads } = known;
  const build: Omit<BuildOptions, 'binMs'> = {
    fromMs,
    nowMs,
    completeness,
    watched: (project, host) => {
      const watched = deps.projects[project];
      return watched?.stage === 'production' && watched.hosts.includes(host);
    },
    firstHeardMs: (project, host) => known.heard.startMs(project, host, heardMs.get(project), nowMs),
    exposure: ({ project, host }, startMs, binMs, count) => loads.exposureUntilNow(project, host, startMs, binMs, count, nowMs),
  };
  const history = (of: { project: string; host: string; kind: string }) => known.historyOf(of, nowMs);
  const wholes = buildSeries(
    perBin.map((r) => ({ ...r, where: {} })),
    { ...build, history, binMs: WHOLE_BIN_MS },
  );
  const places = buildSeries(
    perPlace.map(({ network, country, release, ...r }) => ({
      ...r,
      where: network !== '' ? { network } : country !== '' ? { country } : { release },
    })),
    { ...build, binMs: PLACE_BIN_MS },
  );
  const production = Object.entries(deps.projects).filter(([, p]) => p.stage === 'production');
  const hosts = production.reduce((n, [, p]) => n + p.hosts.length, 0);
  // Series without any failure are tested as well: they just cannot fire.
  const budget: Budget = {
    falseAlarmsPerWeek: deps.falseAlarmsPerWeek ?? DETECT_DEFAULTS.falseAlarmsPerWeek,
    wholeSeries: hosts * WATCHED_KINDS.length,
  };
  known.bursts.learn(stored, known.shares, nowMs);
  const optionsFor = (of: SubjectOf, where: Where): DetectOptions =>
    optionsOf(budget, of.project, where, known.shares, known.bursts.dispersionOf(of));
  const findings = search(wholes, places, optionsFor, known.shares, nowMs - FORGET_MS);
  const { changed, waiting } = await examine(
    findings,
    stored,
    { ...deps, lateShare: known.lateShare, dispersionOf: (of) => known.bursts.dispersionOf(of) },
    known,
  );
  const others = notExamined(stored, changed, waiting, nowMs);
  const before = new Map(stored.map((r) => [r.id, r]));
  const winners = new Set(beaten.map(({ into }) => into));
  const updates = [...changed, ...others].filter((r) => winners.has(r.id) || !same(r, before.get(r.id)));
  await saveSpikes(deps.client, [...updates, ...beaten.map(mergedInto)], nowMs);
  const spikes = [...changed, ...others].sort((a, b) => b.startedMs - a.startedMs || (a.id < b.id ? -1 : 1));
  const tested = seriesTested(
    budget,
    production.map(([project]) => project),
    known.shares,
  );
  const burns = production.flatMap(([project, { hosts: own, slo }]) =>
    own.flatMap((host): HostBurn[] => {
      if (slo === undefined) return [];
      const burn = known.burns.of(project, host, slo, nowMs);
      return burn === undefined ? [] : [{ project, host, burn, episode: known.burns.episode(project, host, slo, nowMs) }];
    }),
  );
  return {
    spikes,
    burns,
    seriesTested: tested,
    heardMs,
    joinedMs: (project, host) => {
      const sinceMs = known.heard.sinceMs(project, host, nowMs);
      return sinceMs !== undefined && sinceMs > oldestMs ? sinceMs : undefined;
    },
    wholes: new Map(wholes.map((whole) => [subjectOf(whole), whole])),
    optionsOf: (of) => optionsFor(of, {}),
    knows: {
      completeness,
      exposure: ({ project, host }, startMs, binMs, count) => loads.exposure(project, host, startMs, binMs, count, nowMs),
      history,
    },
  };
}

/**
 * Looks at the whole hosts, then at places of those with what the whole lets expect of them.
 *
 * @param optionsFor - Options of a host and kind, and of a place of it. @param since - As of `look`.
 */
export function search(
  wholes: readonly WatchedSeries[],
  places: readonly WatchedSeries[],
  optionsFor: (of: SubjectOf, where: Where) => DetectOptions,
  shares: Shares,
  since: number,
): Finding[] {
  const looks = new Map<string, { readonly whole: WatchedSeries; readonly looked: Looked }>();
  for (const whole of wholes) looks.set(subjectOf(whole), { whole, looked: look(whole, optionsFor(whole, {}), since) });
  const judged = (of: SubjectOf): Judged[] => {
    const found = looks.get(subjectOf(of));
    return found === undefined ? [] : [{ series: found.whole.series, walked: found.looked.walked }];
  };
  const hostsOf = new Map<string, Set<string>>();
  for (const { project, host } of wholes) hostsOf.set(project, (hostsOf.get(project) ?? new Set()).add(host));
  const inProject = (project: string, kind: string): Judged[] =>
    [...(hostsOf.get(project) ?? [])].flatMap((host) => judged({ project, host, kind }));
  const siblings = ({ project, host, kind }: SeriesOf): Sibling[] =>
    WATCHED_KINDS.filter((other) => other !== kind).flatMap((other) =>
      judged({ project, host, kind: other }).map((own) => ({
        ...own,
        inProject: () => ({ spikes: inProject(project, kind), siblings: inProject(project, other) }),
      })),
    );
  const findings = [...looks.values()].flatMap(({ looked }) => looked.findings);
  for (const place of places) {
    const whole = looks.get(subjectOf(place))?.looked;
    // A spike of the whole host tells those of its places.
    if (whole === undefined || whole.findings.some((f) => f.spike.endMs === null)) continue;
    const watched = withPrior(place, whole.perSecond, shares.shareOf(place.project, place.where));
    if (watched === undefined) continue;
    findings.push(...notTold(look(watched, optionsFor(place, place.where), since), watched, whole.spikes));
  }
  return findings.filter((f) => !isRenamed(f.spike, siblings(f)));
}

/** As stored; fields made anew stand in another order. */
const same = (a: SpikeRecord, b: SpikeRecord | undefined): boolean => isDeepStrictEqual(JSON.parse(JSON.stringify(a)), b);
