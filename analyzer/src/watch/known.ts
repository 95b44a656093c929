/**
 * What the loop remembers between rounds, so that each round asks storage for little: load, sampling, shares of places, earlier days, since when
 * hosts are heard, and who was examined when.
 */
import type { Series } from '../detect/series.js';
import { allServerCounters } from '../queries/all-server-counters.js';
import { ask, seconds } from '../queries/ask.js';
import { attemptsPerBin } from '../queries/attempts-per-bin.js';
import { burstsPerHour } from '../queries/bursts-per-hour.js';
import { clientsPerHour } from '../queries/clients-per-hour.js';
import { lateShare, lateShareOf } from '../queries/late-share.js';
import { sharesOfPlaces } from '../queries/shares-of-places.js';
import { weightsPerMinute } from '../queries/weights-per-minute.js';
import { Burns, BURN_KEPT_S } from './burn.js';
import { Bursts } from './bursts.js';
import { Heard } from './heard.js';
import { History } from './history.js';
import { Loads } from './load.js';
import { RequestsLearnt } from './requests-learnt.js';
import type { WatchDeps } from './settings.js';
import { Shares } from './shares.js';
import { Turns } from './turns.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const LOOK_BACK_MS = 27 * HOUR_MS;
/** Attempts arrive within this; older bins do not change any more. */
const ATTEMPTS_AGAIN_MS = 30 * MINUTE_MS;
/** Counters arrive within this of what they tell: who pushes them does so every minute at least. */
const REQUESTS_AGAIN_MS = 3 * MINUTE_MS;
const RARE_MS = 10 * MINUTE_MS;
const SHARES_MS = 6 * HOUR_MS;
/** Late reports are counted over the day that ended an hour ago: most of them have come by then. */
const LATE_MS = 24 * HOUR_MS;
/** Attempts are read so far back where an objective is watched. */
const BURN_MS = BURN_KEPT_S * 1000;
const BURSTS_MS = 24 * HOUR_MS;
const HISTORY_MS = 14 * 24 * HOUR_MS;

export class Known {
  #loads = new Loads();
  readonly #requests = new RequestsLearnt();
  #requestsMs = -Infinity;
  #attemptsMs = -Infinity;
  #weightsMs = -Infinity;
  #rareMs = -Infinity;
  #historyMs = -Infinity;
  readonly #history = new History();
  readonly heard = new Heard();
  readonly burns = new Burns();
  readonly bursts = new Bursts();
  readonly turns = new Turns();
  shares = new Shares();
  /** Share of reports that waited on a device, 0..1. */
  lateShare = lateShareOf(undefined);

  get loads(): Loads {
    return this.#loads;
  }

  /** Failures and load of earlier days, by the hour. */
  historyOf(of: { project: string; host: string; kind: string }, nowMs: number): Series | undefined {
    return this.#history.series(of, nowMs, this.heard.sinceMs(of.project, of.host, nowMs));
  }

  /** Brings all up to date. Rejects when storage is away; the next call asks for the same again. */
  async refresh(deps: WatchDeps): Promise<void> {
    const nowMs = deps.now();
    const to = seconds(nowMs);
    const since = (lastMs: number, againMs: number): number => seconds(Math.max(nowMs - LOOK_BACK_MS, lastMs - againMs));
    const counters = await ask(deps.client, allServerCounters, { from: since(this.#requestsMs, REQUESTS_AGAIN_MS), to });
    for (const { project, host, series, atMs, spanMs, requests } of this.#requests.take(counters)) {
      this.#loads.addRequests(project, host, atMs / 1000, spanMs / 1000, requests, series);
    }
    this.#requestsMs = nowMs;
    if (nowMs - this.#attemptsMs >= MINUTE_MS) {
      const isPromised = Object.values(deps.projects).some(({ slo }) => slo !== undefined);
      const from = seconds(Math.max(nowMs - (isPromised ? BURN_MS : LOOK_BACK_MS), this.#attemptsMs - ATTEMPTS_AGAIN_MS));
      for (const { project, host, bin, made, failed } of await ask(deps.client, attemptsPerBin, { from: from - (from % 300), to })) {
        this.#loads.setAttempts(project, host, bin, made);
        if (made > 0) this.heard.note(project, host, 'requests', bin * 1000);
        if (isPromised) this.burns.set(project, host, bin, made, failed);
      }
      this.#attemptsMs = nowMs;
    }
    // A minute is asked for once it is over and its live reports have arrived; until then the last one's sampling is carried forward.
    const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    if (minuteMs > this.#weightsMs) {
      const from = Math.max(minuteMs - LOOK_BACK_MS, this.#weightsMs);
      for (const { project, minute, reports, weight } of await ask(deps.client, weightsPerMinute, {
        from: seconds(from),
        to: seconds(minuteMs),
      })) {
        this.#loads.addReports(project, minute, reports, weight);
      }
      this.#weightsMs = minuteMs;
    }
    if (nowMs - this.#rareMs >= RARE_MS) {
      this.shares = new Shares(
        await ask(deps.client, sharesOfPlaces, { from: seconds(nowMs - SHARES_MS), failuresFrom: seconds(nowMs - HISTORY_MS) }),
      );
      const [late] = await ask(deps.client, lateShare, { from: seconds(nowMs - LATE_MS - HOUR_MS), to: seconds(nowMs - HOUR_MS) });
      this.lateShare = lateShareOf(late);
      this.#loads.forget(nowMs);
      this.#requests.forget(nowMs);
      this.burns.forget(nowMs);
      this.#rareMs = nowMs;
    }
    await this.#learnHours(deps, nowMs);
  }

  async #learnHours(deps: WatchDeps, nowMs: number): Promise<void> {
    // Once an hour, ten minutes after its end, when its attempts have come in; and at the start the hours for which that is so.
    const toMs = Math.floor((nowMs - RARE_MS) / HOUR_MS) * HOUR_MS;
    if (toMs <= this.#historyMs) return;
    const fromMs = Math.max(toMs - HISTORY_MS, this.#historyMs);
    for (const row of await ask(deps.client, clientsPerHour, { from: seconds(fromMs), to: seconds(toMs) })) {
      this.#history.setFailures(row, row.bin, row.clients);
      if (row.clients > 0) this.heard.noteHour(row.project, row.host, row.bin * 1000);
    }
    const burstsFromMs = Math.max(fromMs, toMs - BURSTS_MS);
    for (const row of await ask(deps.client, burstsPerHour, { from: seconds(burstsFromMs), to: seconds(toMs) })) this.bursts.set(row);
    for (const project of Object.keys(deps.projects)) {
      for (const host of deps.projects[project]?.hosts ?? []) {
        for (let hourMs = Math.max(fromMs, toMs - LOOK_BACK_MS); hourMs < toMs; hourMs += HOUR_MS) {
          const load = this.#loads.perSecond(project, host, hourMs, hourMs + HOUR_MS);
          if (load !== undefined) this.#history.setLoad(project, host, hourMs / 1000, load);
        }
      }
    }
    this.#historyMs = toMs;
  }
}
