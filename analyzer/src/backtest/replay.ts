/**
 * Replays history through the analyzer's own rounds under a virtual clock: at each round only what had arrived by then is known.
 *
 * As in the loop, every series is built by `seriesOf`, searched by `search`, placed, adopted and judged by `examine`, closed by `endUnseen`.
 * Three things are left out, to replay a day in seconds: a series is searched only where new rows could open a spike or one lasts
 * (`isWorthALook`), levels are up to half an hour old where a place is searched, and findings that have not changed are examined again
 * less and less often, not every round.
 */
import { DETECT_DEFAULTS } from '../detect/series.js';
import { walk } from '../detect/walk.js';
import { LEAST_IN_PLACE } from '../queries/clients-per-place.js';
import { optionsOf } from '../watch/budget.js';
import type { Budget } from '../watch/budget.js';
import { bySubject, seriesOf, subjectOf, WATCHED_KINDS } from '../watch/build-series.js';
import type { WatchedSeries } from '../watch/build-series.js';
import { lateShareOf } from '../queries/late-share.js';
import { completenessOf } from '../watch/completeness.js';
import { examine } from '../watch/examine.js';
import { look, notTold, withPrior } from '../watch/find.js';
import type { Finding } from '../watch/find.js';
import { History } from '../watch/history.js';
import { awaited, endUnseen, merge, settled } from '../watch/lifecycle.js';
import { Loads } from '../watch/load.js';
import { LONGEST_LOOK_BACK_MS, LOOK_BACK_MS, lookBack } from '../watch/look-back.js';
import type { LookBack } from '../watch/look-back.js';
import { FORGET_MS, PLACE_BIN_MS, RECENT_MS } from '../watch/round.js';
import { isRenamed } from '../watch/renamed.js';
import type { Judged } from '../watch/renamed.js';
import type { WatchDeps } from '../watch/settings.js';
import type { SpikeRecord } from '../watch/spike-record.js';
import { Turns } from '../watch/turns.js';
import { Arrived, isWhole } from './arrived.js';
import type { Bins } from './bins.js';
import { Examined } from './examined.js';
import { HeardRows } from './heard-rows.js';
import { wordsOf } from './judgement.js';
import { Lateness } from './lateness.js';
import { LearntBursts, learnLoads } from './learn-hour.js';
import { Levels } from './levels.js';
import { Memory } from './memory.js';
import { RecentShares } from './recent-shares.js';
import { depsOf } from './replay-options.js';
import type { ReplayOptions } from './replay-options.js';
import { watches } from './rows.js';
import type { FailuresRow, HistoryRow, WorldRow } from './rows.js';
import { isWorthALook } from './screen.js';
import type { ReplayedSpike } from './replayed-spike.js';
import { siblingsOf } from './siblings.js';

/** A spike that lasts is searched for its end so often, s, and the longer it has lasted the less often: this part of its age. */
const LASTS_EVERY_S = 30;
const LASTS_AGE = 0.01;
const FORGET_EVERY_S = 3_600;
const BURSTS_EVERY_S = 600;
const HOUR_S = 3_600;
const LEARNT_HOURS = 14 * 24;
const RECENT_BINS = (RECENT_MS + PLACE_BIN_MS) / PLACE_BIN_MS;

export class Replay {
  readonly #options: { readonly roundS: number; readonly falseAlarmsPerWeek: number };
  /** Undefined where storage answers. */
  readonly #memory: Memory | undefined;
  readonly #history = new History();
  readonly #loads = new Loads();
  readonly #lateness = new Lateness();
  readonly #shares = new RecentShares();
  readonly #bursts = new LearntBursts();
  readonly #turns = new Turns();
  readonly #heard = new HeardRows();
  readonly #arrived = new Arrived();
  /** Load is learnt from this hour on, ms: earlier than the history begins where hours of before are told. */
  #learntFromMs: number;
  readonly #levels = new Levels();
  readonly #findings = new Map<Bins, readonly Finding[]>();
  readonly #reported = new Map<string, Omit<ReplayedSpike, 'record'>>();
  readonly #deps: WatchDeps;
  readonly #budget: Budget;
  readonly #world: WorldRow;
  readonly #watches: ReturnType<typeof watches>;
  #records: SpikeRecord[] = [];
  #done: SpikeRecord[] = [];
  #nowS: number;
  readonly #examined = new Examined();

  /** @param world - The first row of the history. */
  constructor(world: WorldRow, options: ReplayOptions = {}) {
    this.#options = { roundS: options.roundS ?? 5, falseAlarmsPerWeek: options.falseAlarmsPerWeek ?? DETECT_DEFAULTS.falseAlarmsPerWeek };
    this.#world = world;
    this.#watches = watches(world);
    this.#nowS = world.from;
    const hosts = Object.values(world.projects).reduce((n, own) => n + own.length, 0);
    this.#budget = { falseAlarmsPerWeek: this.#options.falseAlarmsPerWeek, wholeSeries: hosts * WATCHED_KINDS.length };
    const memory = new Memory();
    this.#memory = options.evidence === undefined ? memory : undefined;
    this.#learntFromMs = world.from * 1000;
    const nowS = (): number => this.#nowS;
    const dispersionOf = this.#bursts.bursts.dispersionOf.bind(this.#bursts.bursts);
    this.#deps = { ...depsOf(world, options, options.evidence?.(nowS) ?? memory.client, nowS), dispersionOf };
  }

  /**
   * Takes the next row in order of arrival, after the rounds before it. Rows older than the last round are taken as arriving now; rows that
   * arrive after the end of the history or are of no watched host are left out.
   */
  async take(row: HistoryRow): Promise<void> {
    if (row.row === 'world' || row.row === 'incident' || row.arrived > this.#world.to) return;
    if (row.row !== 'place' && !this.#watches(row)) return;
    while (this.#nowS + this.#options.roundS <= row.arrived) {
      this.#nowS += this.#options.roundS;
      await this.#round();
    }
    this.#heard.take(row);
    if (row.row === 'hour') {
      this.#history.addFailures(row, row.at, row.clients);
      this.#learntFromMs = Math.min(this.#learntFromMs, row.at * 1000);
      return;
    }
    this.#memory?.take(row);
    if (row.row === 'place') this.#shares.take(row);
    else if (row.row === 'failures') this.#takeFailures(row);
    else if (row.row === 'attempts' && row.network === undefined) this.#loads.setAttempts(row.project, row.host, row.at, row.made);
    else if (row.row === 'server') this.#loads.addRequests(row.project, row.host, row.at, row.seconds, row.requests);
  }

  /** Runs the rounds up to a time and tells all spikes, oldest first; of those told twice, one. */
  async finish(toS: number): Promise<ReplayedSpike[]> {
    while (this.#nowS < toS) {
      this.#nowS += this.#options.roundS;
      await this.#round();
    }
    return [...merge([...this.#done, ...this.#records]).kept]
      .sort((a, b) => a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1))
      .map((record) => ({ record, ...(this.#reported.get(record.id) ?? { first: wordsOf(record), reportedS: this.#nowS }) }));
  }

  #takeFailures(row: FailuresRow): void {
    const { project, host, kind, at, clients, weight = clients } = row;
    const isCounted = row.crowd !== 'many';
    if (isCounted) this.#lateness.take(at, row.arrived);
    this.#loads.addReports(project, at, clients, weight);
    if (!isCounted || !(WATCHED_KINDS as readonly string[]).includes(kind)) return;
    this.#lateness.takeWatched(at, row.arrived);
    if (this.#arrived.isNewInHour(row)) this.#history.addFailures({ project, host, kind }, at, clients);
    this.#arrived.take(row);
  }

  async #round(): Promise<void> {
    const nowS = this.#nowS;
    if (nowS - this.#world.from <= this.#options.roundS && this.#learntFromMs < this.#world.from * 1000)
      for (let ago = LEARNT_HOURS; ago >= 2; ago--) this.#learnHour(ago);
    if (nowS % FORGET_EVERY_S < this.#options.roundS) this.#forget();
    if (nowS % BURSTS_EVERY_S < this.#options.roundS)
      this.#bursts.learn(this.#arrived, this.#shares, nowS, this.#reported.size, () => [...this.#done, ...this.#records]);
    if (nowS % HOUR_S < this.#options.roundS) this.#learnHour(2);
    if (this.#arrived.dirty.size === 0 && this.#findings.size === 0 && this.#records.length === 0) return;
    const back = lookBack(this.#records, nowS * 1000);
    const completeness = completenessOf(this.#lateness.row(nowS));
    const toSearch = this.#toSearch();
    for (const bins of [...toSearch.filter((b) => isWhole(b)), ...toSearch.filter((b) => !isWhole(b))]) {
      bins.lookedS = nowS;
      const isTold = !isWhole(bins) && this.#arrived.whole.get(subjectOf(bins.of))?.isOpen === true;
      const series = isTold ? undefined : this.#build(bins, back, completeness);
      const looked = series === undefined ? [] : this.#look(bins, series, back, completeness);
      const findings = looked.length === 0 || bins.isOpen ? looked : this.#withoutRenamed(looked, back, completeness);
      bins.isOpen = findings.some((f) => f.spike.endMs === null);
      if (findings.length > 0) this.#findings.set(bins, findings);
      else this.#findings.delete(bins);
    }
    await this.#examine();
  }

  #placeFromS(bins: Bins): number {
    const starts = (this.#findings.get(bins) ?? []).map((f) => (f.spike.startMs - LOOK_BACK_MS) / 1000 + HOUR_S);
    return Math.min(this.#nowS - LOOK_BACK_MS / 1000, ...starts);
  }

  #build(bins: Bins, back: LookBack, completeness: (ageMs: number) => number): WatchedSeries | undefined {
    const nowMs = this.#nowS * 1000;
    const fromS = isWhole(bins) ? back.fromMs(bins.of) / 1000 : this.#placeFromS(bins);
    return seriesOf(bins.of, bins.since(fromS), {
      binMs: bins.binS * 1000,
      fromMs: () => fromS * 1000,
      nowMs,
      watched: () => true,
      firstHeardMs: (project, host) => this.#heard.startMs(project, host, nowMs),
      completeness,
      exposure: (of, startMs, binMs, count) => this.#loads.exposureUntilNow(of.project, of.host, startMs, binMs, count, nowMs),
      ...(isWhole(bins) && { history: (of) => this.#history.series(of, nowMs, this.#heard.sinceMs(of.project, of.host, nowMs)) }),
    });
  }

  #withoutRenamed(findings: readonly Finding[], back: LookBack, completeness: (ageMs: number) => number): readonly Finding[] {
    const [first] = findings;
    if (first === undefined) return [];
    const { project } = first;
    const siblings = siblingsOf(first, this.#world.projects[project] ?? [], (host, kind): Judged | undefined => {
      const bins = this.#arrived.whole.get(subjectOf({ project, host, kind }));
      const series = bins === undefined ? undefined : this.#build(bins, back, completeness)?.series;
      return series === undefined ? undefined : { series, walked: walk(series) };
    });
    return findings.filter((f) => !isRenamed(f.spike, siblings));
  }

  #look(bins: Bins, watched: WatchedSeries, back: LookBack, completeness: (ageMs: number) => number): readonly Finding[] {
    const { project, where } = watched;
    const options = optionsOf(this.#budget, project, where, this.#shares, this.#bursts.bursts.dispersionOf(watched));
    const since = this.#nowS * 1000 - FORGET_MS;
    const subject = subjectOf(watched);
    if (Object.keys(where).length === 0) {
      const looked = look(watched, options, since);
      this.#levels.setWhole(subject, looked, this.#nowS);
      return looked.findings;
    }
    if (this.#levels.isOld(subject, this.#nowS)) {
      const whole = this.#arrived.whole.get(subject);
      const series = whole === undefined ? undefined : this.#build(whole, back, completeness);
      if (whole !== undefined && series !== undefined) this.#look(whole, series, back, completeness);
    }
    const whole = this.#levels.whole(subject);
    const placed = withPrior(watched, whole?.perSecond, this.#shares.shareOf(project, where));
    if (placed === undefined) return [];
    const looked = look(placed, options, since);
    this.#levels.setPlace(bins, looked, this.#nowS);
    return notTold(looked, placed, whole?.spikes ?? []);
  }

  /** The series that rows arrived for in whole bins and that could have a spike, and those where one lasts. */
  #toSearch(): Bins[] {
    const found = new Set<Bins>();
    for (const bins of this.#arrived.dirty) {
      const lastBin = Math.floor(this.#nowS / bins.binS) - 1;
      const whole = [...bins.touched].filter((bin) => bin <= lastBin);
      for (const bin of whole) bins.touched.delete(bin);
      if (bins.touched.size === 0) this.#arrived.dirty.delete(bins);
      if (whole.length > 0 && !bins.isOpen && this.#isWorthALook(bins, lastBin, whole)) found.add(bins);
    }
    for (const [bins, findings] of this.#findings) {
      const sinceS = Math.min(...findings.filter((f) => f.spike.endMs === null).map((f) => f.spike.startMs / 1000));
      const everyS = Math.max(LASTS_EVERY_S, LASTS_AGE * (this.#nowS - sinceS));
      const forgotten = findings.every((f) => f.spike.endMs !== null && f.spike.endMs < this.#nowS * 1000 - FORGET_MS);
      if (this.#nowS - (bins.lookedS ?? -Infinity) >= everyS) found.add(bins);
      if (forgotten) this.#findings.delete(bins);
    }
    return [...found];
  }

  #isWorthALook(bins: Bins, lastBin: number, touched: readonly number[]): boolean {
    const least = isWhole(bins) ? DETECT_DEFAULTS.minTotal : LEAST_IN_PLACE;
    if (bins.total < least || (!isWhole(bins) && bins.sum(lastBin, RECENT_BINS) < least)) return false;
    const { project, host, where } = bins.of;
    const perSecond = this.#levels.perSecond(bins, this.#nowS);
    if (perSecond === undefined) return true;
    const binMs = bins.binS * 1000;
    const [load = 1] = this.#loads.exposureUntilNow(project, host, lastBin * binMs, binMs, 1, this.#nowS * 1000) ?? [];
    const mean = perSecond * load * bins.binS;
    return isWorthALook(bins, lastBin, mean, optionsOf(this.#budget, project, where, this.#shares, 1), touched);
  }

  async #examine(): Promise<void> {
    const nowS = this.#nowS;
    if (this.#records.some((r) => r.state === 'open')) this.#records = this.#records.map((r) => settled(r, undefined, nowS * 1000));
    const found = bySubject([...this.#findings.values()].flat());
    const due: Finding[] = [];
    for (const [subject, findings] of found) if (this.#examined.isDue(subject, findings, nowS)) due.push(...findings);
    const open = this.#records.filter((r) => r.endedMs === null);
    if (due.length === 0 && open.length === 0) return;
    const deps = { ...this.#deps, lateShare: lateShareOf(this.#lateness.shareRow(nowS)) };
    const { changed, waiting } = await examine(due, this.#records, deps, { turns: this.#turns });
    const told = new Set(changed.map(subjectOf));
    const waits = new Set(waiting.map(subjectOf));
    for (const subject of new Set(due.map(subjectOf)))
      this.#examined.note(subject, waits.has(subject) ? 'waits' : told.has(subject) ? 'told' : 'untold', nowS);
    const seen = open.filter((r) => found.get(subjectOf(r))?.some((f) => f.spike.endMs === null));
    const ids = [...changed, ...seen].map((r) => r.id);
    const ended = endUnseen(this.#records, new Set([...ids, ...awaited(waiting, this.#records)]), nowS * 1000);
    for (const record of changed)
      if (!this.#reported.has(record.id)) this.#reported.set(record.id, { first: wordsOf(record), reportedS: nowS });
    this.#records = [...new Map([...this.#records, ...changed, ...ended].map((r) => [r.id, r])).values()];
  }

  /** @param ago - Hours from the start of the one that is learnt to the start of the present one. */
  #learnHour(ago: number): void {
    const fromMs = (Math.floor(this.#nowS / HOUR_S) - ago) * HOUR_S * 1000;
    if (fromMs >= this.#learntFromMs) learnLoads(this.#world.projects, this.#loads, this.#history, fromMs);
  }

  #forget(): void {
    const fromS = this.#nowS - LONGEST_LOOK_BACK_MS / 1000;
    const gone = this.#arrived.forget(fromS, this.#nowS, FORGET_EVERY_S, (bins) => this.#findings.has(bins));
    for (const bins of gone) this.#findings.delete(bins);
    this.#loads.forget(this.#nowS * 1000);
    this.#shares.forget(this.#nowS);
    const over = (r: SpikeRecord): boolean => r.endedMs !== null && r.endedMs / 1000 < fromS;
    this.#done.push(...this.#records.filter(over));
    this.#records = this.#records.filter((r) => !over(r));
  }
}
