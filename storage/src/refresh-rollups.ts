import type { ClickHouseClient } from '@clickhouse/client';

export interface RefreshOptions {
  /** Refresh every bucket touched by rows inserted since then (ms since the epoch), instead of since the last refresh. */
  readonly sinceMs?: number;
  /** Now, in ms since the epoch; decides only which buckets are too old to be kept. */
  readonly nowMs: number;
}

/** Recomputes every rollup cell that rows inserted since the last refresh touch. */
export function refreshRollups(client: ClickHouseClient, options: RefreshOptions): Promise<{ buckets: number }> {
  return Promise.reject(new Error(`being written: ${String(client)}${options.nowMs}`));
}
