import type { ClickHouseClient } from '@outcry/storage';

/** A question in SQL with `{name:Type}` parameters. `Params` and `Row` tie the text to what goes in and comes out. */
export interface Question<Params, Row> {
  readonly sql: string;
  readonly types?: (params: Params) => Row;
}

/** Reports of agents; NEL and probe rows are evidence of their own and never summed with them. */
export const FROM_AGENTS = `source IN ('sdk-browser', 'sdk-node')`;

/** Reads with FINAL stay within a partition: a report's copies share the sealing day, so they share the partition. */
const SETTINGS = {
  do_not_merge_across_partitions_select_final: 1,
  // A skip index could drop the copy of a report that won and keep one that lost.
  use_skip_indexes_if_final: 0,
  // Conditions on the sorting key, which all copies of a row share, are looked at before the other columns are read; no others are moved.
  optimize_move_to_prewhere_if_final: 1,
  max_execution_time: 20,
} as const;

/**
 * Runs one question.
 *
 * @returns Its rows. Rejects with the client's error when storage is away or refuses.
 */
export async function ask<Params extends Record<string, unknown>, Row>(
  client: ClickHouseClient,
  question: Question<Params, Row>,
  params: Params,
): Promise<Row[]> {
  const result = await client.query({ query: question.sql, query_params: params, format: 'JSONEachRow', clickhouse_settings: SETTINGS });
  return result.json<Row>();
}

/** Whole seconds since the epoch, for parameters of type UInt32, which would wrap around. */
export const seconds = (ms: number): number => Math.min(0xffff_ffff, Math.max(0, Math.floor(ms / 1000)));
