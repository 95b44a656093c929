/**
 * Replays history through the analyzer's own rounds under a virtual clock: at each round only what had arrived by then is known.
 *
 * As in the loop, every series is built by `buildSeries`, searched by `detect`, placed, adopted and judged by `examine`, closed by `closeUnseen`.
 * Two things are left out, to replay a day in seconds: a series is searched only where new rows could open a spike or one lasts
 * (`isWorthALook`), and findings that have not changed are examined again every minute, not every round.
 */
import { DETECT_DEFAULTS } from '../detect/series.js';
import type { DetectOptions } from '../detect/series.js';
import { buildSeries, WATCHED_KINDS } from '../watch/build-series.js';
import { completenessOf } from '../watch/completeness.js';
import { examine } from '../watch/examine.js';
import { findSpikes } from '../watch/find.js';
import type { Finding } from '../watch/find.js';
import { closeUnseen, merged } from '../watch/lifecycle.js';
import type { WatchDeps } from '../watch/settings.js';
import type { SpikeRecord } from '../watch/spike-record.js';
import { Bins } from './bins.js';
import { Learnt } from './learnt.js';
import { Memory } from './memory.js';
import { watches } from './rows.js';
import type { FailuresRow, HistoryRow, WorldRow } from './rows.js';
import { isWorthALook } from './screen.js';

export interface ReplayOptions {
  /** Start of one round to the next, s; default 5. */
  readonly roundS?: number;
  /** As of the analyzer; default 1. */
  readonly falseAlarmsPerWeek?: number;
}

export interface ReplayedSpike {
  readonly record: SpikeRecord;
  /** Virtual time of the round that told it first, s. */
  readonly reportedS: number;
}

const LOOK_BACK_S = 3 * 3_600;
const LONGEST_LOOK_BACK_S = 26 * 3_600;
const FORGET_S = 150 * 60;
const EXAMINE_EVERY_S = 60;
const FORGET_EVERY_S = 600;
const TESTS_PER_BIN = 5;
const WEEK_S = 7 * 86_400;

export class Replay {
  readonly #options: Required<ReplayOptions>;
  readonly #memory = new Memory();
  readonly #learnt = new Learnt();
  readonly #whole = new Map<string, Bins>();
  readonly #inNetworks = new Map<string, Bins>();
  readonly #dirty = new Set<Bins>();
  readonly #findings = new Map<Bins, Finding[]>();
  readonly #reported = new Map<string, number>();
  readonly #deps: WatchDeps;
  #records: SpikeRecord[] = [];
  #done: SpikeRecord[] = [];
  #nowS: number;
  #examinedS = 0;
  #signature = '';
  readonly #toS: number;
  readonly #watches: ReturnType<typeof watches>;
  readonly #hosts: number;

  /** @param world - The first row of the history. */
  constructor(world: WorldRow, options: ReplayOptions = {}) {
    this.#options = { roundS: options.roundS ?? 5, falseAlarmsPerWeek: options.falseAlarmsPerWeek ?? DETECT_DEFAULTS.falseAlarmsPerWeek };
    this.#toS = world.to;
    this.#watches = watches(world);
    this.#nowS = world.from;
    this.#hosts = Object.values(world.projects).reduce((n, hosts) => n + hosts.length, 0);
    this.#deps = {
      client: this.#memory.client,
      projects: Object.fromEntries(Object.entries(world.projects).map(([project, hosts]) => [project, { hosts, stage: 'production' }])),
      serverMetrics: Object.entries(world.projects).flatMap(([project, hosts]) => hosts.map((host) => ({ project, host, url: '' }))),
      now: () => this.#nowS * 1000,
    };
  }

  /**
   * Takes the next row in order of arrival, after the rounds before it. Rows older than the last round are taken as arriving now; rows that
   * arrive after the end of the history or are of no watched host are left out.
   */
  async take(row: HistoryRow): Promise<void> {
    if (row.row === 'world' || row.row === 'incident' || row.arrived > this.#toS) return;
    if (row.row !== 'place' && !this.#watches(row)) return;
    while (this.#nowS + this.#options.roundS <= row.arrived) {
      this.#nowS += this.#options.roundS;
      await this.#round();
    }
    this.#memory.take(row);
    if (row.row === 'failures') this.#takeFailures(row);
    else if (row.row !== 'place') this.#learnt.heard(row.project, row.at);
  }

  /** Runs the rounds up to a time and tells all spikes, oldest first; of those told twice, one. */
  async finish(toS: number): Promise<ReplayedSpike[]> {
    while (this.#nowS < toS) {
      this.#nowS += this.#options.roundS;
      await this.#round();
    }
    return merged([...this.#done, ...this.#records])
      .sort((a, b) => a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1))
      .map((record) => ({ record, reportedS: this.#reported.get(record.id) ?? this.#nowS }));
  }

  #takeFailures(row: FailuresRow): void {
    this.#learnt.take(row);
    if (!(WATCHED_KINDS as readonly string[]).includes(row.kind)) return;
    const { project, host, kind, network } = row;
    for (const [all, of, binS] of [
      [this.#whole, { project, host, kind, network: null }, 10],
      [this.#inNetworks, { project, host, kind, network }, 60],
    ] as const) {
      const key = `${project} ${host} ${kind} ${of.network ?? ''}`;
      const bins = all.get(key) ?? new Bins(of, binS);
      all.set(key, bins);
      bins.add(row.at, row.clients);
      this.#dirty.add(bins);
    }
  }

  async #round(): Promise<void> {
    const nowS = this.#nowS;
    if (nowS % FORGET_EVERY_S < this.#options.roundS) this.#forget();
    if (this.#dirty.size === 0 && this.#findings.size === 0 && this.#records.length === 0) return;
    const options = this.#detectOptions();
    const oldestS = Math.min(...this.#records.filter((r) => r.endedMs === null).map((r) => r.startedMs / 1000), nowS);
    const fromS = Math.max(nowS - LONGEST_LOOK_BACK_S, Math.min(nowS - LOOK_BACK_S, oldestS - LOOK_BACK_S));
    const completeness = completenessOf(this.#learnt.lateness(nowS));
    const history = this.#learnt.history(nowS);
    for (const bins of this.#toSearch(options)) {
      const series = buildSeries(bins.rows(fromS), {
        binMs: bins.binS * 1000,
        fromMs: fromS * 1000,
        nowMs: nowS * 1000,
        watched: () => true,
        firstHeardMs: (project) => this.#learnt.heardMs(project),
        completeness,
        history,
      });
      const found = findSpikes(series, options, (nowS - FORGET_S) * 1000);
      if (found.length > 0) this.#findings.set(bins, found);
      else this.#findings.delete(bins);
    }
    await this.#examine();
  }

  #detectOptions(): DetectOptions {
    const seriesTested = this.#hosts * WATCHED_KINDS.length + Math.max(this.#inNetworks.size, this.#hosts);
    return { seriesTested, falseAlarmsPerWeek: this.#options.falseAlarmsPerWeek };
  }

  /** The series that rows arrived for in whole bins and that could have a spike, and those where one lasts. */
  #toSearch({ falseAlarmsPerWeek = 1, seriesTested = 1 }: DetectOptions): Bins[] {
    const found = new Set<Bins>();
    for (const bins of this.#dirty) {
      const lastBin = Math.floor(this.#nowS / bins.binS) - 1;
      const whole = [...bins.touched].filter((bin) => bin <= lastBin);
      if (whole.length === 0) continue;
      for (const bin of whole) bins.touched.delete(bin);
      if (bins.touched.size === 0) this.#dirty.delete(bins);
      const alpha = (falseAlarmsPerWeek * bins.binS) / WEEK_S / seriesTested / TESTS_PER_BIN;
      if (isWorthALook(bins, lastBin, alpha, whole)) found.add(bins);
    }
    for (const [bins, findings] of this.#findings) {
      // A spike goes on, and ends, also where nothing arrives.
      const lasts = findings.some((f) => f.spike.endMs === null);
      const forgotten = findings.every((f) => f.spike.endMs !== null && f.spike.endMs < (this.#nowS - FORGET_S) * 1000);
      if (lasts && this.#nowS % bins.binS < this.#options.roundS) found.add(bins);
      if (forgotten) this.#findings.delete(bins);
    }
    return [...found];
  }

  async #examine(): Promise<void> {
    const nowS = this.#nowS;
    const findings = [...this.#findings.values()].flat();
    const signature = findings.map((f) => `${f.project} ${f.host} ${f.kind} ${f.network ?? ''} ${String(f.spike.endMs)}`).join('|');
    const due = nowS - this.#examinedS >= EXAMINE_EVERY_S && (findings.length > 0 || this.#records.some((r) => r.endedMs === null));
    if (signature === this.#signature && !due) return;
    this.#signature = signature;
    this.#examinedS = nowS;
    const whole = findings.filter((f) => f.network === null);
    const changed = await examine(
      whole,
      findings.filter((f) => f.network !== null),
      this.#records,
      this.#deps,
    );
    const ended = closeUnseen(this.#records, new Set(changed.map((r) => r.id)), nowS * 1000);
    for (const { id } of changed) if (!this.#reported.has(id)) this.#reported.set(id, nowS);
    this.#records = [...new Map([...this.#records, ...changed, ...ended].map((r) => [r.id, r])).values()];
  }

  #forget(): void {
    const fromS = this.#nowS - LONGEST_LOOK_BACK_S;
    for (const bins of this.#whole.values()) bins.forget(fromS);
    for (const [key, bins] of this.#inNetworks) {
      bins.forget(this.#findings.has(bins) ? fromS : this.#nowS - LOOK_BACK_S - FORGET_EVERY_S);
      if (bins.counts.size > 0) continue;
      this.#inNetworks.delete(key);
      this.#dirty.delete(bins);
      this.#findings.delete(bins);
    }
    const over = (r: SpikeRecord): boolean => r.endedMs !== null && r.endedMs / 1000 < this.#nowS - LONGEST_LOOK_BACK_S;
    this.#done.push(...this.#records.filter(over));
    this.#records = this.#records.filter((r) => !over(r));
  }
}
