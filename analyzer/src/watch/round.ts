/** One round of watching: refresh, detect, place, judge, store. */
import { refreshRollups } from '@outcry/storage';
import { DETECT_DEFAULTS } from '../detect/series.js';
import type { DetectOptions, Series } from '../detect/series.js';
import { ask, seconds } from '../queries/ask.js';
import { clientsPerBin } from '../queries/clients-per-bin.js';
import { clientsPerHour } from '../queries/clients-per-hour.js';
import { clientsPerNetwork } from '../queries/clients-per-network.js';
import { firstHeard } from '../queries/first-heard.js';
import { lateness } from '../queries/lateness.js';
import { buildSeries, WATCHED_KINDS } from './build-series.js';
import type { SeriesOf, WatchedSeries } from './build-series.js';
import { completenessOf } from './completeness.js';
import { examine } from './examine.js';
import { findSpikes } from './find.js';
import type { Finding } from './find.js';
import { closeUnseen } from './lifecycle.js';
import type { WatchDeps } from './settings.js';
import type { SpikeRecord } from './spike-record.js';
import { loadSpikes, saveSpikes } from './store-spikes.js';

const HOUR_MS = 3_600_000;
const LOOK_BACK_MS = 3 * HOUR_MS;
const LONGEST_LOOK_BACK_MS = 26 * HOUR_MS;
const HISTORY_MS = 14 * 24 * HOUR_MS;
/** Days of history from which on the shape of a day is used. */
const LEAST_HISTORY_MS = 3 * 24 * HOUR_MS;
/** Findings that ended longer ago than this are not looked at again, ms. */
const FORGET_MS = 150 * 60_000;

/** What is asked rarely, kept between rounds. */
export interface RoundMemory {
  history?: { readonly atMs: number; readonly byKey: ReadonlyMap<string, Series> };
}

export interface RoundResult {
  readonly spikes: readonly SpikeRecord[];
  readonly seriesTested: number;
  /** Since when each project has been heard, within the look-back, ms. */
  readonly heardMs: ReadonlyMap<string, number>;
  readonly detectOptions: DetectOptions;
  readonly completeness: (ageMs: number) => number;
}

/** Runs one round. Rejects when storage is away; nothing is lost then, since the next round looks at the same stretch. */
export async function runRound(deps: WatchDeps, memory: RoundMemory): Promise<RoundResult> {
  const nowMs = deps.now();
  await refreshRollups(deps.client, { nowMs });
  const stored = await loadSpikes(deps.client, nowMs);
  const oldest = Math.min(...stored.filter((s) => s.endedMs === null).map((s) => s.startedMs), nowMs);
  const fromMs = Math.max(nowMs - LONGEST_LOOK_BACK_MS, Math.min(nowMs - LOOK_BACK_MS, oldest - LOOK_BACK_MS));

  const span = { from: seconds(fromMs), to: seconds(nowMs) };
  const perBin = await ask(deps.client, clientsPerBin, span);
  const perNetwork = await ask(deps.client, clientsPerNetwork, span);
  const heardMs = new Map((await ask(deps.client, firstHeard, { from: span.from })).map((r) => [r.project, r.first * 1000]));
  const [late] = await ask(deps.client, lateness, { from: seconds(nowMs - HOUR_MS) });
  const completeness = completenessOf(late);
  const history = await historyOf(deps, memory, nowMs);

  const build = {
    fromMs,
    nowMs,
    completeness,
    watched: (project: string, host: string) => {
      const watched = deps.projects[project];
      return watched?.stage === 'production' && watched.hosts.includes(host);
    },
    firstHeardMs: (project: string) => heardMs.get(project),
    history,
  };
  const whole = buildSeries(perBin, { ...build, binMs: 10_000 });
  const inNetworks = buildSeries(perNetwork, { ...build, binMs: 60_000 });
  const hosts = Object.values(deps.projects).reduce((n, p) => n + (p.stage === 'production' ? p.hosts.length : 0), 0);
  // Series without any failure are tested as well: they just cannot fire.
  const seriesTested = hosts * WATCHED_KINDS.length + Math.max(inNetworks.length, hosts);
  const detectOptions: DetectOptions = { seriesTested, falseAlarmsPerWeek: deps.falseAlarmsPerWeek ?? DETECT_DEFAULTS.falseAlarmsPerWeek };

  const changed = await examine(findIn(whole, detectOptions, nowMs), findIn(inNetworks, detectOptions, nowMs), stored, deps);
  const found = new Set(changed.map((r) => r.id));
  const ended = closeUnseen(stored, found, nowMs);
  const updates = [...changed, ...ended].filter(
    (r) =>
      !same(
        r,
        stored.find((s) => s.id === r.id),
      ),
  );
  await saveSpikes(deps.client, updates, nowMs);
  const byId = new Map([...stored, ...changed, ...ended].map((r) => [r.id, r]));
  const spikes = [...byId.values()].sort((a, b) => b.startedMs - a.startedMs || (a.id < b.id ? -1 : 1));
  return { spikes, seriesTested, heardMs, detectOptions, completeness };
}

const findIn = (series: readonly WatchedSeries[], options: DetectOptions, nowMs: number): Finding[] =>
  findSpikes(series, options, nowMs - FORGET_MS);
const same = (a: SpikeRecord, b: SpikeRecord | undefined): boolean => b !== undefined && JSON.stringify(a) === JSON.stringify(b);

async function historyOf(deps: WatchDeps, memory: RoundMemory, nowMs: number): Promise<(of: SeriesOf) => Series | undefined> {
  const key = (of: SeriesOf): string => [of.project, of.host, of.kind].join('\u0000');
  if (memory.history === undefined || nowMs - memory.history.atMs > 600_000) {
    const toMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
    const rows = await ask(deps.client, clientsPerHour, { from: seconds(toMs - HISTORY_MS), to: seconds(toMs) });
    const firstMs = rows.reduce((first, r) => Math.min(first, r.bin * 1000), toMs);
    const byKey = new Map<string, Series>();
    if (toMs - firstMs >= LEAST_HISTORY_MS) {
      const bins = Math.round((toMs - firstMs) / HOUR_MS);
      for (const row of rows) {
        const series = byKey.get(key({ ...row, network: null })) ?? {
          startMs: firstMs,
          binMs: HOUR_MS,
          failures: Array<number>(bins).fill(0),
        };
        (series.failures as number[])[Math.round((row.bin * 1000 - firstMs) / HOUR_MS)] = row.clients;
        byKey.set(key({ ...row, network: null }), series);
      }
    }
    memory.history = { atMs: nowMs, byKey };
  }
  const { byKey } = memory.history;
  return (of) => byKey.get(key(of));
}
