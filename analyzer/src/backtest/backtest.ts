/** History in, spikes and figures out. */
import type { Affected } from '../watch/affected.js';
import { FLOORS, Floors } from './floors.js';
import { Replay } from './replay.js';
import type { ReplayedSpike } from './replayed-spike.js';
import type { ReplayOptions } from './replay-options.js';
import type { HistoryRow, IncidentRow, WorldRow } from './rows.js';
import { score } from './score.js';
import type { Score, ScoredSpike } from './score.js';
import { scoredIncidents, scoredSpikes } from './truth.js';

export interface BacktestSpike {
  readonly id: string;
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  /** RFC 3339 UTC. */
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly reported_at: string;
  readonly places: readonly Readonly<Record<string, string>>[];
  readonly place_reason: string;
  readonly failing_clients: number;
  readonly expected_clients: number;
  /** Opted-in clients that failed because of it, with the 95 % interval. */
  readonly affected_clients: Affected | null;
  readonly p_value: number;
  readonly verdict: string;
  readonly uncorroborated: boolean;
}

export interface BacktestResult {
  readonly spikes: readonly BacktestSpike[];
  /** By detector, of what was replayed; null where the history holds no truth. */
  readonly scores: Readonly<Record<'detector' | 'three-sigma' | 'seasonal-naive', Score>> | null;
  readonly rows: number;
}

/**
 * Replays history in order of arrival.
 *
 * @param rows - The world first. Rejects with a plain `Error` when it is missing.
 */
export async function backtest(
  rows: AsyncIterable<HistoryRow> | Iterable<HistoryRow>,
  options: ReplayOptions = {},
): Promise<BacktestResult> {
  let started: { replay: Replay; floors: Floors; world: WorldRow } | undefined;
  const incidents: IncidentRow[] = [];
  let count = 0;
  for await (const row of rows) {
    count++;
    if (row.row === 'world') {
      started ??= { replay: new Replay(row, options), floors: new Floors(row, options.falseAlarmsPerWeek), world: row };
    } else if (started === undefined) throw new Error('the history does not begin with a "world" row');
    else if (row.row === 'incident') incidents.push(row);
    else {
      if (row.row === 'failures') started.floors.take(row);
      await started.replay.take(row);
    }
  }
  if (started === undefined) throw new Error('the history does not begin with a "world" row');
  const { replay, floors, world } = started;
  const { from, to } = world;
  const replayed = await replay.finish(to);
  const of = (spikes: readonly ScoredSpike[]): Score =>
    score(scoredSpikes(spikes, incidents, world), scoredIncidents(incidents, world), Math.max(1, to - from), from);
  const [sigma, naive] = FLOORS;
  const scores =
    incidents.length === 0
      ? null
      : { detector: of(replayed.map(scored)), [sigma]: of(floors.spikes(sigma)), [naive]: of(floors.spikes(naive)) };
  return { spikes: replayed.map(answered), scores, rows: count };
}

function scored({ record, first, reportedS }: ReplayedSpike): ScoredSpike {
  const { project, host, kind, startedMs, endedMs, document } = record;
  return {
    project,
    host,
    kind,
    startS: startedMs / 1000,
    endS: endedMs === null ? null : endedMs / 1000,
    reportedS,
    places: document.places.map((p) => p.where),
    verdict: document.verdict.verdict,
    uncorroborated: document.verdict.uncorroborated,
    pValue: document.pValue,
    affected: document.affected,
    first,
  };
}

const time = (ms: number): string => new Date(ms).toISOString();

function answered({ record, reportedS }: ReplayedSpike): BacktestSpike {
  const { id, project, host, kind, startedMs, endedMs, document } = record;
  return {
    id,
    project,
    host,
    kind,
    started_at: time(startedMs),
    ended_at: endedMs === null ? null : time(endedMs),
    reported_at: time(reportedS * 1000),
    places: document.places.map((p) => p.where),
    place_reason: document.placeReason,
    failing_clients: document.failingClients,
    expected_clients: document.expectedClients,
    affected_clients: document.affected,
    p_value: document.pValue,
    verdict: document.verdict.verdict,
    uncorroborated: document.verdict.uncorroborated,
  };
}
