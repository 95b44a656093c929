import type { ClickHouseClient } from '@clickhouse/client';
import { readState, writeState } from './refresh-state.js';
import { NOTED_HOURS, NOTE_BUCKETS, refreshCells, sumPlaces } from './rollup-queries.js';
import { ROLLUPS, SERIES_ROLLUPS, type Rollup } from './schema/rollup-tables.js';

/** A row becomes visible later than its `inserted_at`, by up to the 60 s that an insert may take; servers' clocks differ a little. */
const OVERLAP_US = 120_000_000;
const DAY_S = 86_400;
const HOUR_S = 3_600;
const SPAN_HOURS = 6;
/** The rows of one cell are sealed on up to this many days, so a cell this close to the retention may have lost some. */
const ROWS_SPREAD_DAYS = 9;
const SETTINGS = {
  do_not_merge_across_partitions_select_final: 1,
  // A skip index could drop the copy that won and keep one that lost; the keys narrow the reading already.
  use_skip_indexes_if_final: 0,
  async_insert: 0,
  insert_deduplicate: 0,
  max_execution_time: 110,
} as const;

export interface RefreshOptions {
  /** Look at least at all rows inserted since then (ms since the epoch), as for a rebuild; without, at those since the last refresh. */
  readonly sinceMs?: number;
  /** Now, in ms since the epoch; decides only which buckets are too old to be kept. */
  readonly nowMs: number;
}

/**
 * Recomputes every cell of the rollups, by both clocks, that rows inserted since the last refresh touch. Idempotent: may run at
 * any time, in several processes at once, and after any absence; once rows stop coming, one refresh makes every count exact.
 *
 * @returns How many 10 s buckets it looked at. Rejects with what the server says; the next refresh then does this one's work too.
 * Source: ADR 0002.
 */
export async function refreshRollups(client: ClickHouseClient, options: RefreshOptions): Promise<{ buckets: number }> {
  const state = await readState(client);
  const nowS = Math.floor(options.nowMs / 1_000);
  const from = scanFromUs(state.nowUs, state.watermarkUs, options.sinceMs);
  // Versions rise even if the server's clock was set back.
  const version = Math.max(state.nowUs, state.version + 1);
  await client.command({ query: NOTE_BUCKETS, query_params: { from, version }, clickhouse_settings: SETTINGS });
  const noted = await client.query({ query: NOTED_HOURS, query_params: { from }, format: 'JSONEachRow' });
  const hours = await noted.json<NotedHour>();
  // The sums over places come after the cells that they are made of.
  const steps = [...ROLLUPS.map((of) => ({ of, query: refreshCells(of) })), ...SERIES_ROLLUPS.map((of) => ({ of, query: sumPlaces(of) }))];
  for (const { of, query } of steps) {
    for (const span of spansOf(hours, oldestBucketS(of, nowS, state.retentionDays))) {
      await client.command({ query, query_params: { from, version, ...span }, clickhouse_settings: SETTINGS });
    }
  }
  await writeState(client, 'watermark_us', state.nowUs, version);
  return { buckets: hours.reduce((sum, { buckets }) => sum + buckets, 0) };
}

/**
 * From which `inserted_at` on rows are looked at, in µs.
 *
 * Never later than the watermark and never later than now, each minus the overlap: a clock that was set back must not hide rows.
 */
export function scanFromUs(nowUs: number, watermarkUs: number | undefined, sinceMs: number | undefined): number {
  const last = Math.min(nowUs, watermarkUs ?? 0);
  return Math.max(0, Math.min(last - OVERLAP_US, sinceMs === undefined ? Infinity : sinceMs * 1_000));
}

/** An hour with noted buckets: its start in s. */
export interface NotedHour {
  readonly hour: number;
  readonly buckets: number;
}

/**
 * Cuts the noted hours into spans of at most 6, so that one statement's time and memory stay bounded after a long absence.
 *
 * @param oldestS - Buckets before it are left alone.
 * @returns Spans [oldest, newest) in s, in order.
 */
export function spansOf(hours: readonly NotedHour[], oldestS: number): { oldest: number; newest: number }[] {
  const kept = hours.map(({ hour }) => hour).filter((hour) => hour + HOUR_S > oldestS);
  const spans: { oldest: number; newest: number }[] = [];
  for (const hour of kept) {
    const last = spans.at(-1);
    if (last !== undefined && hour + HOUR_S - last.oldest <= SPAN_HOURS * HOUR_S) last.newest = hour + HOUR_S;
    else spans.push({ oldest: Math.max(hour, oldestS), newest: hour + HOUR_S });
  }
  return spans;
}

/** The oldest bucket that is still recomputed, in s: within the rollup's TTL, and with no row of it past the retention. */
export function oldestBucketS({ keptDays, widthS }: Rollup, nowS: number, retentionDays: number | undefined): number {
  const wholeDays = retentionDays === undefined ? keptDays : Math.min(keptDays, retentionDays - ROWS_SPREAD_DAYS);
  return Math.max(0, Math.ceil((nowS - wholeDays * DAY_S) / widthS) * widthS);
}
